-- The newest bottom line on the actor's main topic, if it rests on a report that names the actor.
SELECT j.id, j.text, j.rests_on
FROM actor_judgments() AS j
JOIN actor_topics() AS t USING (actor, topic)
WHERE j.actor = $actor AND j.role = 'bottom-line'
ORDER BY j.known_on DESC, j.rank
LIMIT 1
