-- What the Taliban themselves say of the ties.
SELECT e.id, e.summary AS text, e.caveat
FROM events AS e
WHERE e.topic = 'ties'
  AND e.claim_status = 'claimed'
  AND EXISTS (SELECT 1 FROM actors AS a WHERE list_contains(e.actors, a.id) AND a.affiliation = 'taliban')
ORDER BY e.known_on, e.id
