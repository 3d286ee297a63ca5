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
-- An actor a row; two names of one actor in an incident count once. Most lists have one name, or two that differ, and
-- list_distinct takes longer.
last_year AS (
  SELECT
    unnest(CASE WHEN len(actors) < 3 AND actors[1] IS DISTINCT FROM actors[2] THEN actors ELSE list_distinct(actors) END) AS actor,
    country,
    division,
    number
  FROM (
    SELECT
      list_transform(side_a || side_b, lambda given: actor_name(given)) AS actors,
      country,
      CASE WHEN in_one_country THEN admin1 END AS division,
      number
    FROM chosen
    CROSS JOIN nearly_all
    WHERE start > CAST($as_of - INTERVAL 1 YEAR AS DATE)
  )
),
wanted AS MATERIALIZED (
  SELECT actor, coalesce(division, c.name, country, 'place unknown') AS place, sum(number) AS count
  FROM (SELECT actor, country, division, sum(number) AS number FROM last_year GROUP BY ALL)
  LEFT JOIN countries AS c ON c.code = country
  GROUP BY ALL
  ORDER BY count DESC, actor, place
  LIMIT 60
),
-- Other names of these actors, in any case.
aliases AS MATERIALIZED (
  SELECT DISTINCT lower(name) AS name FROM actor_names WHERE actor_name(name) IN (SELECT actor FROM wanted)
),
-- Most incidents of five years name none of them. To compare whole lists is the fastest way to leave these out, so longer
-- lists stay in, and no name is put in lower case unless there are aliases.
named AS (
  SELECT *
  FROM chosen
  CROSS JOIN (SELECT count(*) > 0 AS has_aliases FROM aliases)
  WHERE
    len(side_a) > 1
    OR len(side_b) > 1
    OR side_a IN (SELECT [actor] FROM wanted)
    OR side_b IN (SELECT [actor] FROM wanted)
    OR CASE WHEN has_aliases THEN lower(side_a[1]) END IN (FROM aliases)
    OR CASE WHEN has_aliases THEN lower(side_b[1]) END IN (FROM aliases)
),
placed AS (
  SELECT named.*, coalesce(CASE WHEN in_one_country THEN admin1 END, c.name, country, 'place unknown') AS place
  FROM named
  CROSS JOIN nearly_all
  LEFT JOIN countries AS c ON c.code = country
),
counted AS (
  SELECT actor, place, start, "end", sum(number) AS count
  FROM (
    SELECT unnest(list_distinct(actors)) AS actor, place, start, "end", number
    FROM (
      SELECT *, list_transform(side_a || side_b, lambda given: actor_name(given)) AS actors
      FROM placed
      WHERE
        has_aliases
        OR len(side_a) > 1
        OR len(side_b) > 1
        OR (side_a, place) IN (SELECT [actor], place FROM wanted)
        OR (side_b, place) IN (SELECT [actor], place FROM wanted)
    )
  )
  SEMI JOIN wanted USING (actor, place)
  GROUP BY ALL
)
SELECT
  actor,
  place,
  -- Most incidents have one possible day, and the finding takes an incident without an end for one of these.
  list({ 'start': start, 'end': nullif("end", start), 'count': CAST(count AS INTEGER) } ORDER BY start, "end") AS incidents,
  ['scanned'] AS cites
FROM counted
GROUP BY ALL
ORDER BY ALL
