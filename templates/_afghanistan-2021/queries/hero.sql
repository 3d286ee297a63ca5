-- The hero picture: when the Taliban took what, which divides before from after in all lanes, and the parts that are
-- known by the cut-off.
SELECT 'arrival' AS part, 'all' AS lane, title AS what, title || ', ' || (
    CASE WHEN start = "end" THEN day_label(start) ELSE strftime(start, '%-d–') || day_label("end") END
  ) AS label, start, "end", [id] AS cites,
  CAST(row_number() OVER (ORDER BY start, "end" DESC, id) - 1 AS INTEGER) AS slot,
  NULL AS inside,
  0 AS line
FROM arrivals()
WHERE EXISTS (SELECT 1 FROM hero_parts($topics))
UNION ALL
SELECT
  p.part,
  p.lane,
  p.what,
  p.label,
  p.start,
  p."end",
  p.cites,
  p.slot,
  p.inside,
  -- What has no date is listed from the foot of the picture.
  coalesce(l.line, (SELECT sum(lines) FROM hero_lanes($topics)) - count(*) OVER (PARTITION BY p.lane))::INTEGER
FROM hero_parts($topics) AS p
LEFT JOIN hero_lanes($topics) AS l ON l.lane = p.lane
ORDER BY lane, start NULLS LAST, slot
