-- The axis of the matrix: a row for each of its days. Before the first stands the month.
SELECT
  d::DATE AS day,
  first,
  last,
  if(strftime(d, '%-d') = '1' AND d > first, day_label(d), strftime(d, '%-d')) AS label,
  if(d = first, long_month(d), '') AS month
FROM matrix_span(), generate_series(first, last, INTERVAL 1 DAY) AS days(d)
ORDER BY d
