-- What is reported of the actor's branches and of media units, and not of itself; a joint report once, with all its signatories.
SELECT r.* REPLACE (string_agg(o.name, ' and ' ORDER BY o.name) OVER (PARTITION BY r.id) AS reported_of)
FROM reported_branches($actor) AS o
JOIN dated_reports() AS r ON r.actor = o.id
WHERE r.id NOT IN (SELECT id FROM actor_reports() WHERE actor = $actor)
QUALIFY row_number() OVER (PARTITION BY r.id ORDER BY o.name) = 1
ORDER BY r.start NULLS LAST, r."end", r.id
