-- The actor's full name, until collection has ended: afterwards the page begins with that.
SELECT id, long_name AS text, [] AS rests_on
FROM actors
WHERE id = $actor AND coalesce((SELECT max("end") FROM coverage) >= $as_of, true)
