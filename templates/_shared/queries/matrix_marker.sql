-- The fall of Kabul stands before the first column after it, once there is one.
SELECT
  k.id,
  (SELECT count(DISTINCT e.date_start) FROM events AS e WHERE e.topic = 'celebrations' AND e.date_start < k.date_start)
    AS column_order,
  k.title || ', ' || day_label(k.date_start) AS label
FROM events AS k
WHERE k.topic = 'context'
  AND EXISTS (SELECT 1 FROM events AS e WHERE e.topic = 'celebrations' AND e.date_start >= k.date_start)
ORDER BY k.date_start
LIMIT 1
