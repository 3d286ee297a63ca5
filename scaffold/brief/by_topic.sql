-- How many events of the period there are on each topic, with the ids of the events that each number rests on.
-- Labels are made here: a chart only draws. The table topics has the titles that the dataset gives its topics.
SELECT coalesce(t.title, e.topic) AS topic, CAST(count(*) AS INTEGER) AS events, list(e.id ORDER BY e.id) AS cites
FROM events AS e
LEFT JOIN topics AS t ON t.name = e.topic
WHERE coalesce(e.date_end, e.date_start, e.known_on) >= $period_start
GROUP BY ALL
ORDER BY events DESC, topic
LIMIT 12
