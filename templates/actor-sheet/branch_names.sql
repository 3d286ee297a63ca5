-- The branches of the actor; a person of the same affiliation is none.
SELECT a.id, a.name
FROM actor_branches() AS b
JOIN actors AS a ON a.id = b.branch
WHERE b.whole = $actor AND NOT starts_with(a.long_name, a.name || ', ')
ORDER BY a.name
