-- What all others report, in the order of its dates, what a count counts after the count; what the source says in its own
-- voice comes last.
WITH items AS (
  SELECT
    e.id,
    e.summary,
    e.caveat,
    e.actors,
    e.claim_status,
    greatest(coalesce(e.date_end, e.date_start), m.window_end) AS day,
    m.id IS NOT NULL AS counted
  FROM events AS e
  LEFT JOIN measures AS m ON m.id = e.part_of
  WHERE e.topic = 'ties'
  UNION ALL
  SELECT id, summary, caveat, [], claim_status, window_end, false FROM measures WHERE topic = 'ties'
)
SELECT i.id, i.summary AS text, i.caveat
FROM items AS i
WHERE NOT (
  i.claim_status = 'claimed'
  AND EXISTS (SELECT 1 FROM actors AS a WHERE list_contains(i.actors, a.id) AND a.affiliation = 'taliban')
)
ORDER BY i.claim_status IN ('asserted', 'assessed'), i.day NULLS LAST, i.counted, i.id
