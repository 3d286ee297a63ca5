-- What the authors of those reports assess. Each judgment is cited with its author.
SELECT j.id, j.text, s.name AS theirs, [j.id] AS cites
FROM judgments AS j
JOIN sources AS s ON s.id = j.author
WHERE j.known_on >= $period_start
ORDER BY j.known_on DESC, j.rank, j.id
LIMIT 12
