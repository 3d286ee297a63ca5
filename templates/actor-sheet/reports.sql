SELECT
  id,
  CASE count(*) OVER () WHEN 1 THEN 'report names ' ELSE 'reports name ' END
    || (SELECT name FROM actors WHERE actors.id = $actor) AS label
FROM actor_reports()
WHERE actor = $actor
ORDER BY id
