SELECT id FROM events WHERE topic = 'celebrations' AND date_start IS NOT NULL ORDER BY id
