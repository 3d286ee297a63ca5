SELECT id FROM actor_reports() WHERE actor = $actor ORDER BY id
