-- An edition for each actor of whom enough is known for a page: seven reports and judgments on them together, a bottom line of
-- their own among them.
SELECT actor
FROM (
  SELECT actor, id FROM actor_reports()
  UNION
  SELECT j.actor, j.id
  FROM actor_judgments() AS j
  JOIN actors AS a ON a.id = j.actor
  WHERE j.role IN ('key', 'assessment', 'alternative', 'caveat') OR (j.role = 'bottom-line' AND starts_with(j.text, a.name))
)
GROUP BY actor
HAVING count(*) >= 7
ORDER BY actor
