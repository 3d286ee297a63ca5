SELECT id, summary AS text, caveat
FROM events
WHERE topic = 'celebrations' AND date_start IS NULL
ORDER BY id
