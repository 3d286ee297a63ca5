-- The last act or statement of the actor that has a date.
SELECT id, title, early_span(basis, start, "end") AS span
FROM actor_reports()
WHERE actor = $actor AND part <> 'others' AND event AND start IS NOT NULL
ORDER BY "end" DESC, start DESC, id
LIMIT 1
