-- The first gap of each topic; the briefs on the topics have the others.
SELECT g.id, g.text, g.rests_on
FROM gaps AS g
LEFT JOIN topics AS t ON t.name = g.topic
QUALIFY row_number() OVER (PARTITION BY g.topic ORDER BY g.rank) = 1
ORDER BY t.rank
