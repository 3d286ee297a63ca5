-- Every statement that the figure and the chart count, and what else the bottom line rests on.
SELECT i.id, i.summary AS text, NULL AS caveat
FROM events AS i
WHERE i.topic = 'celebrations' OR i.id IN (SELECT id FROM bottom_line_facts('celebrations'))
ORDER BY i.date_start NULLS LAST, i.id
