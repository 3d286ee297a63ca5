-- An edition for each actor of whom enough is known for a page: seven reports and judgments on them together.
SELECT actor
FROM (
  SELECT actor, id FROM actor_reports()
  UNION
  SELECT actor, id FROM actor_judgments() WHERE role IN ('key', 'assessment', 'alternative', 'caveat')
)
GROUP BY actor
HAVING count(*) >= 7
ORDER BY actor
