-- The events of the period, newest first. An event without a date counts on the day on which it became known.
-- A query sees only what was known by the cut-off: no filter on known_on is needed. It may use $as_of, $period_start
-- and $previous_as_of. "npx sitrep query @NAME@ reports" prints the rows.
SELECT
  id,
  date_start IS NOT NULL AS dated,
  summary AS text,
  -- In the last row shown: the number of events that are not shown.
  CASE WHEN row_number() OVER newest_first = 12 THEN nullif(count(*) OVER () - 12, 0) END AS more
FROM events
WHERE coalesce(date_end, date_start, known_on) >= $period_start
WINDOW newest_first AS (ORDER BY coalesce(date_start, known_on) DESC, id)
ORDER BY coalesce(date_start, known_on) DESC, id
LIMIT 12
