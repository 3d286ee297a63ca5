-- The gravest incidents of the period, for the partial "incidents": at most 25, and at most ten if none has deaths.
SELECT
  CASE WHEN i."end" > i.start THEN span_words(day_label(i.start), day_label(i."end")) ELSE day_label(i.start) END AS days,
  concat_ws(', ', i.place, CASE WHEN i.admin1 IS DISTINCT FROM i.place THEN i.admin1 END, coalesce(c.name, i.country)) AS place,
  coalesce(i.sub_kind, i.kind) AS kind,
  array_to_string(list_transform(i.side_a, lambda given: actor_name(given)), ', ') AS side_a,
  array_to_string(list_transform(i.side_b, lambda given: actor_name(given)), ', ') AS side_b,
  -- The best figure, and the range where the source gives one.
  concat(
    coalesce(number_words(i.deaths_best), CASE WHEN i.deaths_low < i.deaths_high THEN '' ELSE '–' END),
    CASE WHEN i.deaths_low < i.deaths_high THEN concat(' (', number_words(i.deaths_low), '–', number_words(i.deaths_high), ')') END
  ) AS deaths,
  -- Cut after a whole word.
  CASE WHEN length(i.said) > 280 THEN regexp_replace(left(i.said, 280), '\s+\S*$', '') || ' …' ELSE nullif(i.said, '') END AS summary,
  ['period'] AS cites
FROM (SELECT *, concat_ws(': ', title, summary) AS said FROM incidents_between($period_start, $as_of)) AS i
LEFT JOIN countries AS c ON c.code = i.country
WINDOW gravest AS (
  ORDER BY coalesce(i.deaths_best, i.deaths_low, 0) DESC, coalesce(i.civilians_targeted, false) DESC, i.start DESC, i.id
)
QUALIFY row_number() OVER gravest <= CASE WHEN coalesce(i.deaths_best, i.deaths_low, 0) > 0 THEN 25 ELSE 10 END
ORDER BY row_number() OVER gravest
