-- What the bottom line on the ties rests on, and what became known in the period. The timeline shows the rest.
WITH line AS (
  SELECT rests_on FROM judgments WHERE role = 'bottom-line' AND topic = 'ties' ORDER BY known_on DESC, rank LIMIT 1
),
items AS (
  SELECT id, known_on FROM events
  UNION ALL
  SELECT id, known_on FROM measures
)
SELECT f.id, f.text, f.caveat
FROM bottom_line_facts('ties') AS f
JOIN items AS i USING (id)
LEFT JOIN line AS l ON true
WHERE coalesce(list_contains(l.rests_on, f.id), true) OR i.known_on >= $period_start
ORDER BY f.day NULLS LAST, f.id
