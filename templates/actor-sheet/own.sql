SELECT * REPLACE (
  coalesce(early_span(basis, start, "end"), span) AS span,
  event AND early_span(basis, start, "end") IS NULL AS event
)
FROM dated_reports()
WHERE actor = $actor AND part = 'own'
ORDER BY start NULLS LAST, "end", id
