-- What the hero picture assumes: printed below it, once it draws what it speaks of.
SELECT
  cites[1] AS id,
  CASE part
    WHEN 'either' THEN 'Half tone: ' || strftime(start, '%-d %B') || ' may be the last active or the first quiet day.'
    ELSE 'The end of the count is not stated; the end of the block is our reading.'
  END AS text
FROM hero_parts($topics)
WHERE part IN ('count', 'either')
ORDER BY part DESC
