-- The newest bottom line on all topics, or else the newest of each. Those on the context are for the actor sheets.
WITH newest AS (
  SELECT *
  FROM judgments
  WHERE role = 'bottom-line' AND topic <> 'context'
  QUALIFY row_number() OVER (PARTITION BY topic ORDER BY known_on DESC, rank) = 1
)
SELECT id, text, rests_on
FROM newest
WHERE topic = 'all' OR NOT EXISTS (SELECT 1 FROM newest WHERE topic = 'all')
ORDER BY known_on DESC, topic
