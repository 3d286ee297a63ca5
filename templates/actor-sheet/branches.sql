-- What is reported of the actor's branches and not of itself; a joint report once, with the first that signed it.
SELECT r.* REPLACE (b.branch_name AS reported_of)
FROM actor_branches() AS b
JOIN dated_reports() AS r ON r.actor = b.branch
WHERE b.whole = $actor AND r.id NOT IN (SELECT id FROM actor_reports() WHERE actor = $actor)
QUALIFY row_number() OVER (PARTITION BY r.id ORDER BY b.branch_name) = 1
ORDER BY r.start NULLS LAST, r."end", r.id
