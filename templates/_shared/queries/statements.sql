-- Every public statement or video on the takeover, with who speaks in it.
SELECT
  e.id,
  e.date_start,
  e.actors,
  CASE s.kind WHEN 'video' THEN 'video' ELSE 'statement' END AS kind
FROM events AS e
JOIN sources AS s ON s.id = e.source
WHERE e.topic = 'celebrations'
ORDER BY e.date_start NULLS LAST, e.id
