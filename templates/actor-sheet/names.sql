-- The abbreviations among the others whom the actor's reports name, each spelled out once.
SELECT
  a.id,
  a.name,
  CASE
    WHEN starts_with(a.long_name, a.name || ', ') THEN substr(a.long_name, length(a.name) + 3)
    ELSE a.long_name
  END AS long_name,
  NULL AS aliases,
  NULL AS affiliation,
  NULL AS note
FROM actors AS a
WHERE a.id <> $actor
  AND upper(a.name) = a.name
  AND EXISTS (
    SELECT 1
    FROM actor_reports() AS r
    JOIN actor_reports() AS other USING (id)
    WHERE r.actor = $actor AND other.actor = a.id
  )
ORDER BY lower(a.name)
