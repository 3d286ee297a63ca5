-- What the timeline spans: from the start of the year of the oldest date to the cut-off.
SELECT
  coalesce(date_trunc('year', least(
    (SELECT min(date_start) FROM events WHERE topic = 'ties'),
    (SELECT min(window_start) FROM measures WHERE topic = 'ties')
  )), $as_of - INTERVAL 1 YEAR)::DATE AS start,
  $as_of AS "end"
