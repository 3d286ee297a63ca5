SELECT
  id,
  CASE count(*) OVER () WHEN 1 THEN 'Report names ' ELSE 'Reports name ' END
    || (SELECT name FROM actors WHERE actors.id = $actor) AS label
FROM actor_reports()
WHERE actor = $actor
ORDER BY id
