-- What the table of the partial "incidents" adds up to, and how many rows of the period it leaves out.
SELECT
  CAST(sum(number) AS INTEGER) AS incidents,
  coalesce(number_words(sum(deaths_best)), '–') AS deaths,
  CAST(coalesce(sum(number) FILTER (deaths_best IS NULL), 0) AS INTEGER) AS uncounted,
  -- As many as incident_rows.sql leaves out.
  nullif(count(*) - least(count(*), 25, greatest(10, count(*) FILTER (coalesce(deaths_best, deaths_low, 0) > 0))), 0) AS more,
  -- The five most frequent kinds, by rows.
  CASE WHEN count(DISTINCT coalesce(sub_kind, kind)) > 1 AND sum(number) = count(*) THEN array_to_string(
    list_transform(
      list_sort(list_transform(map_entries(histogram(coalesce(sub_kind, kind))), lambda e: { 'rows': e.value, 'kind': e.key }), 'DESC')[:5],
      lambda e: concat(e.kind, ' ', e.rows)
    ), ', ') END AS kinds,
  ['period'] AS cites
FROM incidents_between($period_start, $as_of)
HAVING count(*) > 0
