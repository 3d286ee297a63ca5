-- What the actor did lately, where a bottom line on the context tells it; then the newest on the actor's main topic, if it
-- rests on a report that names the actor. One of rank 2 is about the actor with whose name it begins, and says it all.
SELECT j.id, j.text, j.rests_on
FROM actor_judgments() AS j
JOIN actor_topics() AS t USING (actor)
JOIN actors AS a ON a.id = j.actor
WHERE j.actor = $actor
  AND j.role = 'bottom-line'
  AND j.topic IN (t.topic, 'context')
  AND (j.rank = 1 OR regexp_matches(j.text, '^(The )?' || regexp_escape(a.name) || '([^\w-]|$)'))
QUALIFY row_number() OVER (PARTITION BY j.topic ORDER BY j.rank DESC, j.known_on DESC) = 1
  AND j.rank = max(j.rank) OVER ()
ORDER BY j.topic <> 'context'
