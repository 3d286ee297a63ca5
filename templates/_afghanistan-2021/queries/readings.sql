-- Each way of dating the silence, with the count that it is held against.
SELECT
  r.id,
  r.measure,
  r.label,
  r.role,
  CAST(m.value AS INTEGER) AS "count",
  m.bound,
  m.window_start AS baseline_start,
  r.baseline_end,
  r.quiet_start,
  r.observed_to,
  r.observed_note
FROM readings AS r
JOIN measures AS m ON m.id = r.measure
WHERE r.topic = 'isis'
ORDER BY list_position(['headline', 'other', 'sensitivity'], r.role), r.id
