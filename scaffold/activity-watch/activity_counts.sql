-- The incidents of each actor in each place, by day, for the last five years: earlier years give the season.
-- A place is a country or, if nearly everything is in one country, a first-level division. Only the 60 most active
-- series of the last year are scanned. For a narrower brief, add a condition here and in scanned.sql.
WITH chosen AS NOT MATERIALIZED (
  SELECT side_a, side_b, country, admin1, start, "end", number
  FROM incidents
  WHERE counts AND start > CAST($as_of - INTERVAL 5 YEAR AS DATE) AND start <= $as_of
),
nearly_all AS MATERIALIZED (
  SELECT coalesce(max(incidents) FILTER (country IS NOT NULL) > 0.9 * sum(incidents), false) AS in_one_country
  FROM (SELECT country, count(*) AS incidents FROM chosen GROUP BY country)
),
-- An actor a row. A list of its own for each incident, so that two names of one actor count once.
last_year AS (
  SELECT
    unnest(list_distinct(list_transform(side_a || side_b, lambda given: actor_name(given)))) AS actor,
    country,
    CASE WHEN in_one_country THEN admin1 END AS division,
    number
  FROM chosen
  CROSS JOIN nearly_all
  WHERE start > CAST($as_of - INTERVAL 1 YEAR AS DATE)
),
wanted AS MATERIALIZED (
  SELECT actor, coalesce(division, c.name, country, 'place unknown') AS place, sum(number) AS count
  FROM (SELECT actor, country, division, sum(number) AS number FROM last_year GROUP BY ALL)
  LEFT JOIN countries AS c ON c.code = country
  GROUP BY ALL
  ORDER BY count DESC, actor, place
  LIMIT 60
),
-- Whatever these actors may be called, so that only these names are looked up in the incidents of five years.
wanted_names AS MATERIALIZED (
  SELECT lower(actor) AS name FROM wanted
  UNION
  SELECT lower(name) FROM actor_names WHERE actor_name(name) IN (SELECT actor FROM wanted)
),
-- A name of each side a row, because to join the lists takes longer; most rows have neither name and are left out.
-- `incident` tells two names of one actor in one incident from two incidents.
sides AS (
  SELECT incident, unnest(side_a) AS one, unnest(side_b) AS other, country, admin1, start, "end", number
  FROM (SELECT row_number() OVER () AS incident, * FROM chosen)
),
given_names AS (
  SELECT incident, unnest([one, other]) AS name, country, admin1, start, "end", number
  FROM sides
  WHERE lower(one) IN (SELECT name FROM wanted_names) OR lower(other) IN (SELECT name FROM wanted_names)
),
names AS (
  SELECT
    incident,
    actor_name(g.name) AS actor,
    coalesce(CASE WHEN in_one_country THEN admin1 END, c.name, country, 'place unknown') AS place,
    start,
    "end",
    number
  FROM given_names AS g
  CROSS JOIN nearly_all
  LEFT JOIN countries AS c ON c.code = country
  WHERE lower(g.name) IN (SELECT name FROM wanted_names)
),
counted AS (
  SELECT actor, place, start, "end", sum(number) AS count
  FROM (SELECT DISTINCT incident, actor, place, start, "end", number FROM names SEMI JOIN wanted USING (actor, place))
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
