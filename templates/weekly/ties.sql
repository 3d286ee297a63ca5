-- Every report on the ties that the timeline draws, but for the deal, which it names in full; and what the source says
-- that the Taliban may say. In the order of the brief on the ties.
WITH items AS (
  SELECT
    e.id,
    e.summary,
    e.claim_status,
    -- What is counted may not lie in the days of the count.
    CASE WHEN m.id IS NOT NULL THEN e.caveat END AS caveat,
    greatest(coalesce(e.date_end, e.date_start), m.window_end) AS day,
    m.id IS NOT NULL AS counted
  FROM events AS e
  LEFT JOIN measures AS m ON m.id = e.part_of
  WHERE e.topic = 'ties'
  UNION ALL
  SELECT id, summary, claim_status, NULL, window_end, false FROM measures WHERE topic = 'ties'
)
SELECT id, summary AS text, caveat
FROM items
WHERE claim_status NOT IN ('asserted', 'public-record')
ORDER BY claim_status = 'assessed', day NULLS LAST, counted, id
