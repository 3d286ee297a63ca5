-- What is reported of the organisation whose branch the actor is, and not of the branch.
SELECT r.* REPLACE (b.whole_name AS reported_of)
FROM actor_branches() AS b
JOIN dated_reports() AS r ON r.actor = b.whole
JOIN actors AS a ON a.id = b.whole AND a.affiliation = 'isis'
WHERE b.branch = $actor AND r.id NOT IN (SELECT id FROM actor_reports() WHERE actor = $actor)
ORDER BY r.start NULLS LAST, r."end", r.id
