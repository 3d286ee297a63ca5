SELECT id, text, rests_on
FROM judgments
WHERE role = 'caveat' AND topic = $topic
ORDER BY rank, id
