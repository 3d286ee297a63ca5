-- What the bottom line and the judgments on the ties rest on, and what became known in the period. Reports that name a
-- place are left to the brief on the ties, which maps them; the timeline shows them here too.
WITH line AS (
  SELECT rests_on FROM judgments WHERE role = 'bottom-line' AND topic = 'ties' ORDER BY known_on DESC, rank LIMIT 1
),
items AS (
  SELECT id, known_on, place FROM events
  UNION ALL
  SELECT id, known_on, NULL FROM measures
)
SELECT f.id, f.text, f.caveat
FROM bottom_line_facts('ties') AS f
JOIN items AS i USING (id)
LEFT JOIN line AS l ON true
WHERE i.place IS NULL OR coalesce(list_contains(l.rests_on, f.id), true) OR i.known_on >= $period_start
ORDER BY f.day NULLS LAST, f.id
