SELECT topic, CAST(count(*) AS INTEGER) AS events, list(id ORDER BY id) AS cites
FROM events
WHERE coalesce(date_end, date_start, known_on) >= $period_start
GROUP BY topic
ORDER BY events DESC, topic
LIMIT 12
