SELECT id, text, author IS NOT NULL AS theirs, CASE WHEN author IS NULL THEN rests_on ELSE [id] END AS cites
FROM judgments
WHERE role = 'assessment' AND topic = 'ties' AND author IS NULL
ORDER BY rank, id
LIMIT 1
