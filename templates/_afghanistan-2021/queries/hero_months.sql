-- A row for each month of the span of the count: its first day in it.
SELECT greatest(m, whole_start)::DATE AS month, if(m <= whole_start, long_day(whole_start), month_name(m)) AS label
FROM
  hero_span($topics, $as_of),
  generate_series(date_trunc('month', whole_start), zoom_end, INTERVAL 1 MONTH) AS months(m)
ORDER BY m
