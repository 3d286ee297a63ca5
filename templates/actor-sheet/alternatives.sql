-- Those of every topic on which the sheet prints a judgment: a judgment never stands without them.
SELECT id, text, rests_on
FROM judgments
WHERE role = 'alternative' AND topic IN (SELECT topic FROM sheet_topics($actor))
ORDER BY list_position(['isis', 'ties', 'celebrations'], topic), rank, id
