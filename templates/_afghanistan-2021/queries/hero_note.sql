-- What the hero picture assumes, and whom its abbreviations name: printed below it, once it draws what it speaks of.
WITH notes AS (
  SELECT
    cites[1] AS id,
    CASE part
      WHEN 'either' THEN 'Half tone: ' || strftime(start, '%-d %B') || ' may be the last active or the first quiet day.'
      ELSE 'The end of the count is not stated; the end of the block is our reading.'
    END AS text,
    CASE part WHEN 'either' THEN 1 ELSE 2 END AS place
  FROM hero_parts($topics)
  WHERE part IN ('count', 'either')
  UNION ALL
  SELECT
    any_value(s.id ORDER BY s.id),
    string_agg(DISTINCT a.name || ': ' || a.long_name, '; ' ORDER BY a.name || ': ' || a.long_name) || '.',
    3
  FROM signatures() AS s
  JOIN actors AS a ON a.id = s.actor
  WHERE list_contains($topics, s.topic) AND upper(a.name) = a.name
  HAVING count(*) > 0
)
SELECT id, text FROM notes ORDER BY place
