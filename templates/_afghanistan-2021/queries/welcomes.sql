-- The public messages that hail the Taliban or what they have won, and how a count of them reads. Only where some have a
-- day and some have none does it say how many do.
SELECT
  id,
  CASE count(*) OVER () WHEN 1 THEN 'Message that hails' ELSE 'Messages that hail' END
    || ' the Taliban’s victories' AS label,
  count(date_start) OVER () BETWEEN 1 AND count(*) OVER () - 1 AS partly_dated
FROM events
WHERE topic = 'celebrations' AND speech_act = 'welcome'
ORDER BY id
