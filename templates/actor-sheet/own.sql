SELECT * FROM dated_reports($actor) WHERE part = 'own'
ORDER BY start NULLS LAST, "end", id
