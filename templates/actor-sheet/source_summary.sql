-- The newest on the topic on which most is reported of the actor.
SELECT j.id, j.text, j.rests_on
FROM judgments AS j
JOIN actor_topics() AS t ON t.topic = j.topic AND t.actor = $actor
WHERE j.role = 'source-summary'
ORDER BY j.known_on DESC
LIMIT 1
