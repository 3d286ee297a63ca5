-- A statement with several signatories is one mark that spans their rows.
SELECT
  s.id,
  coalesce(day_label(s.date_start), message('dates.undated')) AS "column",
  s.date_start AS day,
  min(p.line) AS from_order,
  max(p.line) AS to_order
FROM signatures() AS s
JOIN matrix_speakers() AS p ON p.id = s.actor
WHERE len(s.actors) > 1
GROUP BY s.id, s.date_start
ORDER BY s.id
