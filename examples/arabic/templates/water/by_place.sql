-- The number of events of the period in each place, with the ids of those events.
SELECT p.name AS place, CAST(count(*) AS INTEGER) AS events, list(e.id ORDER BY e.id) AS cites
FROM events AS e
JOIN places AS p ON p.id = e.place
WHERE e.date_start >= $period_start
GROUP BY ALL
ORDER BY events DESC, place
