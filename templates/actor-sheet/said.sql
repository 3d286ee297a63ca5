SELECT * FROM dated_reports() WHERE actor = $actor AND part = 'said'
ORDER BY start NULLS LAST, "end", id
