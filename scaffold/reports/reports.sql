-- The reports that became known in the period, those published last first. A report counts on the day of its import.
SELECT
  id,
  published,
  name,
  descriptor,
  -- In the last row shown: whether there are reports that are not shown.
  row_number() OVER newest_first = 25 AND count(*) OVER () > 25 AS more
FROM sources
WHERE known_on >= $period_start
WINDOW newest_first AS (ORDER BY published DESC NULLS LAST, id)
ORDER BY published DESC NULLS LAST, id
LIMIT 25
