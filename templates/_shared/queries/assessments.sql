-- `theirs` names the source whose judgment it is.
SELECT j.id, j.text, s.name AS theirs, CASE WHEN j.author IS NULL THEN j.rests_on ELSE [j.id] END AS cites
FROM judgments AS j
LEFT JOIN sources AS s ON s.id = j.author
WHERE j.role = 'assessment' AND j.topic = $topic
ORDER BY j.author IS NULL, j.rank, j.id
