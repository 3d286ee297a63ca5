-- The axis of the matrix: a row for each of its days. Before the first stands the month.
SELECT
  d::DATE AS day,
  first,
  last,
  if(day(d) = 1 AND d > first, day_label(d), day(d)::VARCHAR) AS label,
  if(d = first, long_month(d), '') AS month
FROM matrix_span(), generate_series(first, last, INTERVAL 1 DAY) AS days(d)
ORDER BY d
