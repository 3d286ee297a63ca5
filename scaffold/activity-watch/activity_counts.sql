-- The incidents of each actor in each place, by day, for the last five years: earlier years give the season.
-- A place is a country or, if nearly everything is in one country, a first-level division. Only the 60 most active
-- series of the last year are scanned. For a narrower brief, add a condition here and in scanned.sql.
WITH chosen AS NOT MATERIALIZED (
  SELECT side_a, side_b, country, admin1, start, "end", number
  FROM incidents
  WHERE counts AND start > CAST($as_of - INTERVAL 5 YEAR AS DATE) AND start <= $as_of
),
areas AS MATERIALIZED (
  SELECT country, admin1, count(*) AS incidents FROM chosen GROUP BY ALL
),
countries_named AS (
  SELECT coalesce(max(incidents) FILTER (country IS NOT NULL) > 0.9 * sum(incidents), false) AS one_country
  FROM (SELECT country, sum(incidents) AS incidents FROM areas GROUP BY country)
),
places AS MATERIALIZED (
  SELECT a.country, admin1, coalesce(CASE WHEN one_country THEN admin1 END, c.name, a.country, 'place unknown') AS place
  FROM areas AS a
  CROSS JOIN countries_named
  LEFT JOIN countries AS c ON c.code = a.country
),
last_year AS (
  SELECT
    unnest(list_distinct(list_transform(side_a || side_b, lambda given: actor_name(given)))) AS actor, country, admin1, number
  FROM chosen
  WHERE start > CAST($as_of - INTERVAL 1 YEAR AS DATE)
),
most_active AS (
  SELECT actor, place, sum(number) AS count
  FROM (SELECT actor, country, admin1, sum(number) AS number FROM last_year GROUP BY ALL) AS n
  JOIN places AS p ON p.country IS NOT DISTINCT FROM n.country AND p.admin1 IS NOT DISTINCT FROM n.admin1
  GROUP BY ALL
  ORDER BY count DESC, actor, place
  LIMIT 60
),
wanted AS MATERIALIZED (
  SELECT actor, place, country, admin1 FROM most_active JOIN places USING (place)
),
-- A name a row; `incident` tells two names of one actor in one incident from two incidents.
names AS (
  SELECT incident, actor_name(unnest(side_a || side_b)) AS actor, country, admin1, start, "end", number
  FROM (SELECT row_number() OVER () AS incident, * FROM chosen)
),
counted AS (
  SELECT actor, place, start, "end", sum(number) AS count
  FROM (
    SELECT DISTINCT incident, w.actor, place, start, "end", number
    FROM names AS n
    JOIN wanted AS w
      ON w.actor = n.actor AND w.country IS NOT DISTINCT FROM n.country AND w.admin1 IS NOT DISTINCT FROM n.admin1
  )
  GROUP BY ALL
)
SELECT
  actor,
  place,
  list({ 'start': start, 'end': "end", 'count': CAST(count AS INTEGER) } ORDER BY start, "end") AS incidents,
  ['scanned'] AS cites
FROM counted
GROUP BY ALL
ORDER BY ALL
