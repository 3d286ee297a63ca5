-- What the table of the partial "incidents" adds up to, and how many rows of the period it leaves out.
SELECT
  CAST(sum(number) AS INTEGER) AS incidents,
  coalesce(number_words(sum(deaths_best)), '–') AS deaths,
  CAST(coalesce(sum(number) FILTER (deaths_best IS NULL), 0) AS INTEGER) AS uncounted,
  nullif(greatest(count(*) - 25, 0), 0) AS more,
  ['period'] AS cites
FROM incidents_between($period_start, $as_of)
HAVING count(*) > 0
