SELECT * FROM dated_reports($actor) WHERE part = 'said'
ORDER BY start NULLS LAST, "end", id
