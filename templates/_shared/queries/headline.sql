-- The newest headline known; of several of one day, the one on all topics.
SELECT id, text, rests_on
FROM judgments
WHERE role = 'headline' AND list_contains($topics, topic)
ORDER BY known_on DESC, topic = 'all' DESC, rank, id
LIMIT 1
