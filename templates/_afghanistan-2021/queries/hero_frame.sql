-- What the hero picture spans, and which of its parts there are.
SELECT
  zoom_start,
  zoom_end,
  whole_start,
  (SELECT sum(lines) FROM hero_lanes($topics))::INTEGER AS lines,
  (SELECT count(*) FROM arrivals())::INTEGER AS arrivals,
  (SELECT count(*) FROM hero_parts($topics) WHERE lane = 'undated')::INTEGER AS undated,
  (SELECT lines FROM hero_lanes($topics) WHERE lane = 'messages') AS message_lines
FROM hero_span($topics, $as_of)
