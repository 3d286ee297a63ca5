SELECT
  j.id,
  j.text,
  s.name AS theirs,
  CASE WHEN j.author IS NULL THEN j.rests_on ELSE [j.id] END AS cites
FROM actor_judgments() AS j
JOIN actor_topics() AS t USING (actor, topic)
LEFT JOIN sources AS s ON s.id = j.author
WHERE j.actor = $actor AND j.role = 'assessment' AND $actor NOT IN (SELECT branch FROM without_judgments())
ORDER BY j.author IS NULL, j.rank, j.id
