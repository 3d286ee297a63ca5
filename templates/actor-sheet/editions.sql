-- An edition for each actor of whom enough is told for a page: reports and what is judged of them, eight together.
SELECT actor
FROM (
  SELECT actor, id FROM actor_reports()
  UNION
  SELECT actor, id FROM actor_judgments() WHERE role IN ('key', 'assessment', 'alternative', 'caveat')
)
GROUP BY actor
HAVING count(*) >= 8
ORDER BY actor
