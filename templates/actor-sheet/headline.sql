-- The actor's full name.
SELECT id, long_name AS text, [] AS rests_on
FROM actors
WHERE id = $actor
