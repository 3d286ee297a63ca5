-- A statement with several signatories is one mark that spans their rows.
WITH spoken AS (
  SELECT e.id, e.date_start, unnest(e.actors) AS actor
  FROM events AS e
  WHERE e.topic = 'celebrations' AND len(e.actors) > 1
),
everyone AS (
  SELECT e.id, e.date_start, e.actors, unnest(e.actors) AS actor FROM events AS e WHERE e.topic = 'celebrations'
),
speakers AS (
  SELECT
    a.id,
    row_number() OVER (
      ORDER BY
        list_position(['al-qaeda-branch', 'media-unit', 'allied', 'other'], a.affiliation),
        min(s.id) FILTER (len(s.actors) > 1) NULLS LAST,
        min(s.date_start) NULLS LAST,
        a.name
    ) - 1 AS line
  FROM everyone AS s
  JOIN actors AS a ON a.id = s.actor
  GROUP BY a.id, a.name, a.affiliation
),
days AS (
  SELECT date_start, row_number() OVER (ORDER BY date_start NULLS LAST) - 1 AS place
  FROM (SELECT DISTINCT date_start FROM everyone)
)
SELECT
  s.id,
  coalesce(day_label(s.date_start), 'undated') AS "column",
  CAST(any_value(d.place) AS INTEGER) AS column_order,
  CAST(min(p.line) AS INTEGER) AS from_order,
  CAST(max(p.line) AS INTEGER) AS to_order
FROM spoken AS s
JOIN speakers AS p ON p.id = s.actor
JOIN days AS d ON d.date_start IS NOT DISTINCT FROM s.date_start
GROUP BY s.id, s.date_start
ORDER BY s.id
