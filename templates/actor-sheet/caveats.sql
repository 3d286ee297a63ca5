SELECT j.id, j.text, j.rests_on
FROM actor_judgments() AS j
JOIN actor_topics() AS t USING (actor, topic)
WHERE j.actor = $actor AND j.role = 'caveat'
ORDER BY j.rank, j.id
