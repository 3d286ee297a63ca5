-- The day that divides before from after, once it is known.
SELECT id, title, date_start, date_end, strftime(date_start, '%-d %B %Y') AS label
FROM events
WHERE topic = 'context'
ORDER BY date_start
LIMIT 1
