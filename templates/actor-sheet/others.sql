SELECT * FROM dated_reports() WHERE actor = $actor AND part = 'others' AND on_main_topic
ORDER BY start NULLS LAST, "end", id
