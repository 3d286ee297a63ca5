SELECT e.id, e.summary AS text, e.caveat
FROM events AS e
WHERE e.topic = 'celebrations'
  AND EXISTS (SELECT 1 FROM events AS k WHERE k.topic = 'context' AND k.date_start <= e.date_start)
ORDER BY e.date_start, e.id
