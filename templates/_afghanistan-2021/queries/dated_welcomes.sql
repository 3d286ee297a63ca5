SELECT id
FROM events
WHERE topic = 'celebrations' AND speech_act = 'welcome' AND date_start IS NOT NULL
ORDER BY id
