SELECT id, date_start AS start, date_end AS "end", title AS label
FROM events
WHERE topic = 'context'
ORDER BY date_start
