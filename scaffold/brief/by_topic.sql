-- The number of events of the period on each topic, with the ids of those events.
-- Labels are made here, because a chart only draws. The table "topics" has the dataset's titles of its topics.
SELECT coalesce(t.title, e.topic) AS topic, CAST(count(*) AS INTEGER) AS events, list(e.id ORDER BY e.id) AS cites
FROM events AS e
LEFT JOIN topics AS t ON t.name = e.topic
WHERE coalesce(e.date_end, e.date_start, e.known_on) >= $period_start
GROUP BY ALL
ORDER BY events DESC, topic
LIMIT 12
