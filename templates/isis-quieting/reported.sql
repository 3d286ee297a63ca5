-- What is reported on ISIS: what happened, in order, then what it claims, then what has no date.
WITH items AS (
  SELECT id, summary, caveat, 2 AS part, window_start AS day FROM measures WHERE topic = 'isis' AND unit NOT IN ('%', 'miles')
  UNION ALL
  SELECT id, summary, caveat, 3, date_start FROM events WHERE topic = 'isis' AND precision = 'undated'
  UNION ALL
  SELECT id, summary, caveat, 1, date_start FROM events WHERE topic = 'isis' AND precision <> 'undated'
)
SELECT id, summary AS text, caveat
FROM items
ORDER BY part, day, id
