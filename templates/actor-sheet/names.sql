-- The abbreviations that the page uses, each spelled out once: the actor's own, those in its reports, in those of its
-- branches and of the whole, and on the topics on which the page prints a judgment.
WITH reports AS (
  SELECT id FROM actor_reports() WHERE actor = $actor
  UNION
  SELECT r.id FROM reported_branches($actor) AS b JOIN actor_reports() AS r ON r.actor = b.id
  UNION
  SELECT r.id FROM actor_branches() AS b JOIN actor_reports() AS r ON r.actor = b.whole WHERE b.branch = $actor
),
printed AS (
  SELECT id FROM reports
  UNION
  SELECT id FROM topic_rows() WHERE topic IN (SELECT topic FROM sheet_topics($actor))
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
WHERE upper(a.name) = a.name
  -- The heading of the sheet spells out its own, but does not say what of it is general knowledge.
  AND (a.id <> $actor OR contains(a.note, ': general knowledge'))
  AND (
    a.id IN (SELECT actor FROM actor_reports() WHERE id IN (SELECT id FROM reports))
    OR a.id IN (SELECT actor FROM abbreviations() WHERE id IN (SELECT id FROM printed))
    -- The facts of the actor name its branches.
    OR a.id IN (SELECT branch FROM actor_branches() WHERE whole = $actor)
    -- The notice on coverage names the topic.
    OR (
      a.name = 'ISIS'
      AND NOT EXISTS (
        SELECT 1 FROM coverage WHERE topic = 'isis' AND start <= $period_start AND "end" >= $as_of
      )
    )
  )
ORDER BY lower(a.name)
