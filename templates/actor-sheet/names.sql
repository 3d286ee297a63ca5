-- The abbreviations among the others whom the page names, each spelled out once: those of the actor's reports, and of
-- what the bottom lines on its main topic rest on.
WITH reports AS (
  SELECT id FROM actor_reports() WHERE actor = $actor
  UNION
  SELECT r.id FROM actor_branches() AS b JOIN actor_reports() AS r ON r.actor = b.branch WHERE b.whole = $actor
  UNION
  SELECT unnest(j.rests_on)
  FROM actor_judgments() AS j
  JOIN actor_topics() AS t USING (actor, topic)
  WHERE j.actor = $actor AND j.role = 'bottom-line'
)
SELECT
  a.id,
  a.name,
  CASE
    WHEN starts_with(a.long_name, a.name || ', ') THEN substr(a.long_name, length(a.name) + 3)
    ELSE a.long_name
  END AS long_name,
  NULL AS aliases,
  NULL AS affiliation,
  a.note
FROM actors AS a
WHERE a.id <> $actor
  AND upper(a.name) = a.name
  AND a.id IN (SELECT actor FROM actor_reports() WHERE id IN (SELECT id FROM reports))
ORDER BY lower(a.name)
