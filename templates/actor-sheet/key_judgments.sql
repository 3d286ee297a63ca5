-- The first three that rest on the actor’s reports, its main topic first.
SELECT j.id, j.text, j.confidence, j.confidence_basis, j.rests_on
FROM actor_judgments() AS j
JOIN actor_topics() AS t USING (actor)
WHERE j.actor = $actor AND j.role = 'key'
ORDER BY j.topic <> t.topic, list_position(['isis', 'ties', 'celebrations'], j.topic), j.rank
LIMIT 3
