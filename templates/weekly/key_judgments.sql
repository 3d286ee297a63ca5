-- As for all topics, but without those on the reactions: what the branches see, their messages say.
SELECT j.id, j.text, j.likelihood, j.confidence, j.confidence_basis, j.rests_on
FROM judgments AS j
LEFT JOIN topics AS t ON t.name = j.topic
WHERE j.role = 'key' AND j.rank <= 2 AND t.rank <= 2
ORDER BY t.rank, j.rank
