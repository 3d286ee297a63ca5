-- Gaps in what is reported of the actor, those on its main topic first.
SELECT g.id, g.text, g.rests_on
FROM gaps AS g
JOIN actor_topics() AS t ON t.actor = $actor
LEFT JOIN topics AS o ON o.name = g.topic
WHERE EXISTS (
  SELECT 1
  FROM actor_reports() AS r
  JOIN actor_names() AS n ON n.reported_as = r.actor
  WHERE n.actor = $actor AND r.topic = g.topic AND list_contains(g.rests_on, r.id)
)
ORDER BY g.topic <> t.topic, o.rank, g.rank
LIMIT 4
