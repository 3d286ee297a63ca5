-- The facts of the bottom line, and every other dated report, count and share: the gaps of the weekly speak of them.
WITH facts AS (
  SELECT id, text, day, false AS nested FROM bottom_line_facts('isis')
  UNION ALL
  SELECT id, summary, date_start, false FROM events WHERE topic = 'isis' AND date_start IS NOT NULL
  UNION ALL
  SELECT id, summary, window_start, within IS NOT NULL
  FROM measures
  WHERE topic = 'isis' AND (window_start IS NOT NULL OR unit = '%')
)
SELECT id, text, NULL AS caveat
FROM facts
GROUP BY id, text, day
ORDER BY day NULLS LAST, bool_or(nested), id
