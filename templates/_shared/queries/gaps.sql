SELECT id, text, rests_on
FROM gaps
WHERE topic = $topic OR ($topic = 'all' AND rank <= 2)
ORDER BY list_position(['isis', 'ties', 'celebrations'], topic), rank
