-- The days that the imports cover, for each place of activity_counts.sql: those of its country. An import covers the
-- countries of its rows from its first day to its last, less the reporting lag; later days are not covered. If you know
-- better when was collected, select those days here, without the column "assumed".
WITH chosen AS (
  SELECT country, admin1 FROM incidents WHERE counts AND start > $as_of - INTERVAL 5 YEAR AND start <= $as_of
),
countries_named AS (
  SELECT count(*) FILTER (country = (SELECT mode(country) FROM chosen)) > 0.9 * count(*) AS one_country FROM chosen
),
places AS (
  SELECT coalesce(CASE WHEN one_country THEN admin1 END, c.name, country, 'place unknown') AS place, mode(country) AS country
  FROM chosen
  CROSS JOIN countries_named
  LEFT JOIN countries AS c ON c.code = country
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
