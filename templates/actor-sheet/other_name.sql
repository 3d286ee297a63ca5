-- What is reported under the other name of the same organisation, each report labelled with that name.
SELECT r.* REPLACE ('of ' || a.name || '; ' || r.status AS status)
FROM actor_names() AS n
JOIN dated_reports() AS r ON r.actor = n.reported_as
JOIN actors AS a ON a.id = r.actor
WHERE n.actor = $actor
  AND r.actor <> $actor
  AND r.id NOT IN (SELECT id FROM actor_reports() WHERE actor = $actor)
ORDER BY r.start NULLS LAST, r."end", r.id
