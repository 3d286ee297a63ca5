-- What the actor did lately, where a bottom line on the context tells it; then the newest on the actor's main topic, if it
-- rests on a report that names the actor.
SELECT j.id, j.text, j.rests_on
FROM actor_judgments() AS j
JOIN actor_topics() AS t USING (actor)
WHERE j.actor = $actor AND j.role = 'bottom-line' AND j.topic IN (t.topic, 'context')
QUALIFY row_number() OVER (PARTITION BY j.topic ORDER BY j.known_on DESC, j.rank) = 1
ORDER BY j.topic <> 'context'
