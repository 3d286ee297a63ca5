SELECT * FROM dated_reports() WHERE actor = $actor AND part = 'own'
ORDER BY start NULLS LAST, "end", id
