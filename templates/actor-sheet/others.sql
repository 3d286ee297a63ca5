SELECT * FROM dated_reports($actor) WHERE part = 'others' AND on_main_topic
ORDER BY start NULLS LAST, "end", id
