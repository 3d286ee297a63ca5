-- What the hero picture assumes, and whom its abbreviations name: printed below it, once it draws what it speaks of.
WITH silence AS MATERIALIZED (
  SELECT
    min(measure) AS measure,
    min(id) AS reading,
    min(baseline_end) AS active_to,
    max(quiet_start) AS quiet_from
  FROM hero_silences($topics)
  WHERE EXISTS (SELECT 1 FROM arrivals())
  HAVING count(*) > 0
),
notes AS (
  SELECT
    reading AS id,
    'Pale block: ' || strftime(active_to + 1, '%-d %B') || ', the last active or the first quiet day.' AS text,
    1 AS place
  FROM silence
  WHERE quiet_from - active_to > 1
  UNION ALL
  SELECT measure, 'Flashpoint does not say when its count ends; we end the bar here.', 2 FROM silence
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
