-- Key judgments in their order; for all topics the first of each and the second of the two that carry most.
SELECT id, text, confidence, confidence_basis, rests_on
FROM judgments
WHERE role = 'key'
  AND (topic = $topic OR ($topic = 'all' AND (rank = 1 OR (rank = 2 AND topic IN ('isis', 'ties')))))
ORDER BY list_position(['isis', 'ties', 'celebrations'], topic), rank
