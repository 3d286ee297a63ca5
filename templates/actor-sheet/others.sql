SELECT * FROM dated_reports() WHERE actor = $actor AND part = 'others'
ORDER BY on_main_topic DESC, start NULLS LAST, "end", id
