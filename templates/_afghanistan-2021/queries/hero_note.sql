-- What the hero picture assumes: printed below it, once it draws what it speaks of.
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
)
SELECT id, text FROM notes ORDER BY place
