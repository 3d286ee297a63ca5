-- The public messages that hail the Taliban or what they have won.
SELECT id FROM events WHERE topic = 'celebrations' AND speech_act = 'welcome' ORDER BY id
