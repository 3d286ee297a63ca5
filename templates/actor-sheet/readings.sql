-- Each way of dating the silence, for the actors whose claims or attacks it is about.
SELECT
  r.id,
  r.measure,
  r.label,
  r.role,
  CAST(m.value AS INTEGER) AS "count",
  m.bound,
  m.window_start AS baseline_start,
  r.baseline_end,
  r.quiet_start,
  r.observed_to,
  r.observed_note
FROM readings AS r
JOIN measures AS m ON m.id = r.measure
WHERE r.topic = 'isis'
  AND $actor NOT IN (SELECT branch FROM without_judgments())
  AND EXISTS (
    SELECT 1
    FROM actor_reports() AS a
    JOIN actor_names() AS n ON n.reported_as = a.actor
    WHERE n.actor = $actor AND (
        a.id = r.measure
        -- The last day observed may rest on reports of others.
        OR list_contains(r.rests_on, a.id) AND a.id IN (SELECT id FROM events WHERE topic = r.topic)
      )
  )
ORDER BY list_position(['headline', 'other', 'sensitivity'], r.role), r.id
