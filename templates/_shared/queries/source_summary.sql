-- The newest summary of the sources, for each topic.
SELECT id, text, rests_on
FROM judgments
WHERE role = 'source-summary' AND ($topic = 'all' OR topic = $topic)
QUALIFY row_number() OVER (PARTITION BY topic ORDER BY known_on DESC) = 1
ORDER BY list_position(['isis', 'ties', 'celebrations'], topic)
