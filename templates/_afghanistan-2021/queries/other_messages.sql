-- The public messages that hail nobody, and how a count of them reads.
SELECT
  id,
  CASE count(*) OVER () WHEN 1 THEN 'Other message' ELSE 'Other messages' END || ', of thanks or on prisoners freed' AS label
FROM events
WHERE topic = 'celebrations' AND speech_act IS DISTINCT FROM 'welcome'
ORDER BY id
