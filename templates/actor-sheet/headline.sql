-- The actor's name, while something is collected: afterwards the page says first that nothing is.
SELECT id, name AS text, [] AS rests_on
FROM actors
WHERE id = $actor AND EXISTS (SELECT 1 FROM coverage WHERE "end" >= $period_start)
