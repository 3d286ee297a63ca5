-- The incidents of each actor in each place, by day, for the last five years: earlier years give the season.
-- A place is a country or, if nearly everything is in one country, a first-level division. Only the 60 most active
-- series of the last year are scanned. For a narrower brief, add a condition here and in scanned.sql.
WITH chosen AS (
  SELECT side_a, side_b, country, admin1, start, "end", number
  FROM incidents
  WHERE counts AND start > $as_of - INTERVAL 5 YEAR AND start <= $as_of
),
countries_named AS (
  SELECT count(*) FILTER (country = (SELECT mode(country) FROM chosen)) > 0.9 * count(*) AS one_country FROM chosen
),
named AS (
  SELECT
    unnest(list_distinct(list_transform(side_a || side_b, lambda given: actor_name(given)))) AS actor,
    CASE WHEN one_country THEN admin1 END AS division,
    country,
    start,
    "end",
    number
  FROM chosen, countries_named
),
counted AS (
  SELECT actor, coalesce(division, c.name, country, 'place unknown') AS place, start, "end", sum(number) AS count
  FROM named
  LEFT JOIN countries AS c ON c.code = country
  GROUP BY ALL
),
most_active AS (
  SELECT actor, place
  FROM counted
  WHERE start > $as_of - INTERVAL 1 YEAR
  GROUP BY ALL
  ORDER BY sum(count) DESC, actor, place
  LIMIT 60
)
SELECT
  actor,
  place,
  list({ 'start': start, 'end': "end", 'count': CAST(count AS INTEGER) } ORDER BY start, "end") AS incidents,
  ['scanned'] AS cites
FROM counted
JOIN most_active USING (actor, place)
GROUP BY ALL
ORDER BY ALL
