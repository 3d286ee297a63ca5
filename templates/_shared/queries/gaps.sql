SELECT id, text, rests_on
FROM gaps
WHERE topic = $topic OR $topic = 'all'
QUALIFY $topic <> 'all' OR row_number() OVER (PARTITION BY topic ORDER BY rank) <= 2
ORDER BY list_position(['isis', 'ties', 'celebrations'], topic), rank
