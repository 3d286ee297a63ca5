-- What the authors of those reports assess. Each judgment is cited with its author.
SELECT id, text, true AS theirs, [id] AS cites
FROM judgments
WHERE author IS NOT NULL AND known_on >= $period_start
ORDER BY known_on DESC, rank, id
LIMIT 12
