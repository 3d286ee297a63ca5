-- What the hero picture spans, and which of its parts there are.
WITH lanes AS MATERIALIZED (SELECT * FROM hero_lanes($topics))
SELECT
  zoom_start,
  zoom_end,
  whole_start,
  (SELECT sum(lines) FROM lanes)::INTEGER AS lines,
  (SELECT count(*) FROM arrivals())::INTEGER AS arrivals,
  (SELECT count(DISTINCT id) FROM signatures() WHERE list_contains($topics, topic) AND date_start IS NULL)::INTEGER AS undated,
  (SELECT lines FROM lanes WHERE lane = 'messages') AS message_lines
FROM hero_span($topics, $as_of)
