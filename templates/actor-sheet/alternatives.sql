-- Those of every topic on which the sheet prints a judgment: a judgment never stands without them.
SELECT j.id, j.text, j.rests_on
FROM judgments AS j
LEFT JOIN topics AS t ON t.name = j.topic
WHERE j.role = 'alternative' AND j.topic IN (SELECT topic FROM sheet_topics($actor))
ORDER BY t.rank, j.rank, j.id
