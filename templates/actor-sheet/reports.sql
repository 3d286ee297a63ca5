SELECT id, CASE count(*) OVER () WHEN 1 THEN 'Report' ELSE 'Reports' END || ' under this name' AS label
FROM actor_reports()
WHERE actor = $actor
ORDER BY id
