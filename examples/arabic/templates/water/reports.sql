-- The events of the period, oldest first.
SELECT e.id, e.summary AS text, p.name AS place
FROM events AS e
LEFT JOIN places AS p ON p.id = e.place
WHERE e.date_start >= $period_start
ORDER BY e.date_start, e.id
