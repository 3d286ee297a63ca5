-- What others say or do on topics other than the actor's main one: other briefs tell it whole.
SELECT * FROM dated_reports() WHERE actor = $actor AND part = 'others' AND NOT on_main_topic
ORDER BY start NULLS LAST, "end", id
