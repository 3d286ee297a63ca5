-- The public messages that hail nobody.
SELECT id FROM events WHERE topic = 'celebrations' AND speech_act IS DISTINCT FROM 'welcome' ORDER BY id
