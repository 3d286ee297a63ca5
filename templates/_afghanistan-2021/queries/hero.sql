-- The hero picture: when the Taliban took what, which divides before from after in all lanes, and the parts that are
-- known by the cut-off.
WITH parts AS MATERIALIZED (SELECT * FROM hero_parts($topics)),
lanes AS MATERIALIZED (SELECT * FROM hero_lanes($topics)),
worded AS (SELECT *, CASE part WHEN 'count' THEN bound_words(bound) || ' ' || number_words(value) END AS value_words FROM parts)
SELECT 'arrival' AS part, 'all' AS lane, title AS what, title || ', ' || (
    CASE WHEN start = "end" THEN day_label(start) ELSE strftime(start, '%-d–') || day_label("end") END
  ) AS label, start, "end", [id] AS cites,
  CAST(row_number() OVER (ORDER BY start, "end" DESC, id) - 1 AS INTEGER) AS slot,
  NULL AS inside,
  0 AS line
FROM arrivals()
WHERE EXISTS (SELECT 1 FROM parts)
UNION ALL
SELECT
  p.part,
  p.lane,
  p.what,
  CASE p.part
    WHEN 'count' THEN p.value_words || ' claimed operations: a total, with no figures by day'
    WHEN 'silence' THEN 'no attack reported, if observed to ' || day_label(p."end")
    WHEN 'either' THEN NULL
    ELSE p.what
  END,
  p.start,
  p."end",
  p.cites,
  p.slot,
  -- The weeks below show an end of the block: it says that it is only part of the count.
  'part of ' || p.value_words,
  -- What has no date is listed from the foot of the picture.
  coalesce(l.line, (SELECT sum(lines) FROM lanes) - count(*) OVER (PARTITION BY p.lane))::INTEGER
FROM worded AS p
LEFT JOIN lanes AS l ON l.lane = p.lane
ORDER BY lane, start NULLS LAST, slot
