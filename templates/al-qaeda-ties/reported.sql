-- What all others report, in the order in which it became known.
WITH items AS (
  SELECT id, known_on, summary, caveat, actors, claim_status FROM events WHERE topic = 'ties'
  UNION ALL
  SELECT id, known_on, summary, caveat, [], claim_status FROM measures WHERE topic = 'ties'
)
SELECT i.id, i.summary AS text, i.caveat
FROM items AS i
WHERE NOT (
  i.claim_status = 'claimed'
  AND EXISTS (SELECT 1 FROM actors AS a WHERE list_contains(i.actors, a.id) AND a.affiliation = 'taliban')
)
ORDER BY i.known_on, i.id
