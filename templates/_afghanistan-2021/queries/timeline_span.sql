-- What the timeline spans: from the start of the year of the oldest date to the end of the quarter of the newest one, and
-- once the fall of Kabul is known, to the cut-off or the last day for which anything was collected: that nothing is dated
-- in the months before it is a finding.
WITH dates AS (
  SELECT date_start AS first, coalesce(date_end, date_start) AS last FROM events WHERE topic = 'ties'
  UNION ALL
  SELECT window_start, window_end FROM measures WHERE topic = 'ties'
)
SELECT
  coalesce(date_trunc('year', min(first)), $as_of - INTERVAL 1 YEAR)::DATE AS start,
  least(
    $as_of,
    greatest(
      coalesce(date_trunc('quarter', max(last)) + INTERVAL 3 MONTH - INTERVAL 1 DAY, $as_of),
      (SELECT greatest(k.date_start, coalesce((SELECT max("end") FROM coverage WHERE topic = 'ties'), $as_of)) FROM fall_of_kabul() AS k)
    )
  )::DATE AS "end"
FROM dates
