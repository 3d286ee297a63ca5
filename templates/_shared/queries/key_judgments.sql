-- The key judgments of the topic. For all topics: the first of each, and the second of the first two topics.
SELECT j.id, j.text, j.likelihood, j.confidence, j.confidence_basis, j.rests_on
FROM judgments AS j
LEFT JOIN topics AS t ON t.name = j.topic
WHERE j.role = 'key'
  AND (j.topic = $topic OR ($topic = 'all' AND list_contains($topics, j.topic) AND (j.rank = 1 OR (j.rank = 2 AND t.rank <= 2))))
ORDER BY t.rank, j.rank
