-- The gaps of the topic. For all topics: the first two of each.
SELECT g.id, g.text, g.rests_on
FROM gaps AS g
LEFT JOIN topics AS t ON t.name = g.topic
WHERE list_contains($topics, g.topic)
QUALIFY $topic <> 'all' OR row_number() OVER (PARTITION BY g.topic ORDER BY g.rank) <= 2
ORDER BY t.rank, g.rank
