-- A row for each day of the weeks that the hero picture enlarges. Before the first stands the month.
SELECT
  d::DATE AS day,
  if(strftime(d, '%-d') = '1' AND d > zoom_start, day_label(d), strftime(d, '%-d')) AS label,
  if(d = zoom_start, long_month(d), '') AS month
FROM hero_span($topics, $as_of), generate_series(zoom_start, zoom_end, INTERVAL 1 DAY) AS days(d)
ORDER BY d
