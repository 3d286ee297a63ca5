-- Who leads the actor, by the long name of that person.
SELECT m.id, m.name
FROM actors AS m
JOIN actors AS a ON a.id = $actor AND m.long_name = m.name || ', leader of ' || a.name
ORDER BY m.name
