-- The places of the events of the period, and how many events each has.
SELECT p.name AS place, p.lat, p.lon, CAST(count(*) AS INTEGER) AS events, list(e.id ORDER BY e.id) AS cites
FROM events AS e
JOIN places AS p ON p.id = e.place
WHERE coalesce(e.date_end, e.date_start, e.known_on) >= $period_start
GROUP BY ALL
ORDER BY events DESC, place
