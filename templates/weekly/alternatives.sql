-- The explanations that the weekly leaves open: those of the silence.
SELECT id, text, rests_on
FROM judgments
WHERE role = 'alternative' AND topic = 'isis' AND rank <= 2
ORDER BY rank, id
