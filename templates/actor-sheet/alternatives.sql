-- Those that rest on no report of others alone, of every topic on which the sheet prints a judgment: a judgment never stands without them.
SELECT j.id, j.text, j.rests_on
FROM judgments AS j
LEFT JOIN topics AS t ON t.name = j.topic
WHERE j.role = 'alternative'
  AND j.topic IN (SELECT topic FROM sheet_topics($actor))
  AND (
    j.id IN (SELECT id FROM actor_judgments() WHERE actor = $actor)
    OR NOT EXISTS (SELECT 1 FROM actor_reports() AS r WHERE list_contains(j.rests_on, r.id))
  )
ORDER BY t.rank, j.rank, j.id
