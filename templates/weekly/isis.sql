-- In brief: the facts that the topic's newest bottom line rests on.
WITH line AS (
  SELECT rests_on
  FROM judgments
  WHERE role = 'bottom-line' AND topic = 'isis'
  ORDER BY known_on DESC
  LIMIT 1
),
items AS (
  SELECT id, known_on, date_start AS day, topic, summary FROM events
  UNION ALL
  SELECT id, known_on, window_start, topic, summary FROM measures
)
SELECT i.id, i.summary AS text, NULL AS caveat
FROM items AS i, line AS l
WHERE list_contains(l.rests_on, i.id)
ORDER BY i.day NULLS LAST, i.id
