SELECT e.id, e.summary AS text, e.caveat
FROM events AS e
WHERE e.topic = 'celebrations'
  AND e.date_start IS NOT NULL
  AND EXISTS (SELECT 1 FROM fall_of_kabul() AS k WHERE k.date_start <= e.date_start)
ORDER BY e.date_start, e.id
