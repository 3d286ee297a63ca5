-- The newest bottom line of the topic. For all topics: the one on all, or else the newest of each.
WITH newest AS (
  SELECT *
  FROM judgments
  WHERE role = 'bottom-line' AND list_contains($topics, topic)
  QUALIFY row_number() OVER (PARTITION BY topic ORDER BY known_on DESC, rank) = 1
)
SELECT id, text, rests_on
FROM newest
WHERE topic = 'all' OR NOT EXISTS (SELECT 1 FROM newest WHERE topic = 'all')
ORDER BY known_on DESC, topic
