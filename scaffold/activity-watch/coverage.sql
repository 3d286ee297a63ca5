-- The days that the imports cover, for each place of activity_counts.sql: those of its country. An import covers the
-- countries of its rows from its first day to its last, less the reporting lag; later days are not covered. If you know
-- better when was collected, select those days here, without the column "assumed".
WITH parts AS MATERIALIZED (
  SELECT country, admin1, count(*) AS incidents
  FROM incidents
  WHERE counts AND start > CAST($as_of - INTERVAL 5 YEAR AS DATE) AND start <= $as_of
  GROUP BY ALL
),
by_country AS (
  SELECT country, sum(incidents) AS incidents FROM parts GROUP BY country
),
countries_named AS (
  SELECT coalesce(max(incidents) FILTER (country IS NOT NULL) > 0.9 * sum(incidents), false) AS one_country FROM by_country
),
places AS (
  SELECT place, (list(country ORDER BY incidents DESC, country) FILTER (country IS NOT NULL))[1] AS country
  FROM (
    SELECT coalesce(CASE WHEN one_country THEN admin1 END, c.name, country, 'place unknown') AS place, country, sum(incidents) AS incidents
    FROM parts
    CROSS JOIN countries_named
    LEFT JOIN countries AS c ON c.code = country
    GROUP BY ALL
  )
  GROUP BY ALL
)
SELECT
  place,
  -- No earlier than what is counted.
  greatest(covered.start, CAST($as_of - INTERVAL 5 YEAR AS DATE) + 1) AS start,
  covered."end",
  true AS assumed
FROM places
JOIN incident_coverage AS covered ON covered.country IS NOT DISTINCT FROM places.country
ORDER BY ALL
