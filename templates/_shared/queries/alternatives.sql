SELECT id, text, rests_on
FROM judgments
WHERE role = 'alternative' AND topic = $topic
ORDER BY rank, id
