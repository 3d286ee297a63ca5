-- The newest summary of the sources, for each topic.
SELECT j.id, j.text, j.rests_on
FROM judgments AS j
LEFT JOIN topics AS t ON t.name = j.topic
WHERE j.role = 'source-summary' AND list_contains($topics, j.topic)
QUALIFY row_number() OVER (PARTITION BY j.topic ORDER BY j.known_on DESC) = 1
ORDER BY t.rank
