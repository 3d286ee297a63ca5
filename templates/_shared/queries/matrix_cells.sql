-- Who spoke when: a row for each signatory, those of a joint statement next to each other, the columns being the days
-- named and one for what is undated.
WITH spoken AS (
  SELECT e.id, unnest(e.actors) AS actor, e.actors, e.date_start, e.source
  FROM events AS e
  WHERE e.topic = 'celebrations'
),
speakers AS (
  SELECT
    a.id,
    a.name,
    a.affiliation,
    row_number() OVER (
      ORDER BY
        list_position(['al-qaeda-branch', 'media-unit', 'allied', 'other'], a.affiliation),
        min(s.id) FILTER (len(s.actors) > 1) NULLS LAST,
        min(s.date_start) NULLS LAST,
        a.name
    ) - 1 AS line
  FROM spoken AS s
  JOIN actors AS a ON a.id = s.actor
  GROUP BY a.id, a.name, a.affiliation
),
days AS (
  SELECT date_start, row_number() OVER (ORDER BY date_start NULLS LAST) - 1 AS place
  FROM (SELECT DISTINCT date_start FROM spoken)
)
SELECT
  s.id,
  p.name AS who,
  CAST(p.line AS INTEGER) AS "order",
  CASE p.affiliation
    WHEN 'al-qaeda-branch' THEN 'Al-Qaeda branch'
    WHEN 'media-unit' THEN 'Media unit'
    WHEN 'allied' THEN 'Allied'
    ELSE 'Other'
  END AS affiliation,
  coalesce(day_label(s.date_start), 'undated') AS "column",
  CAST(d.place AS INTEGER) AS column_order,
  CASE o.kind WHEN 'video' THEN 'video' ELSE 'statement' END AS kind,
  CASE WHEN len(s.actors) > 1 THEN s.id END AS joint_with
FROM spoken AS s
JOIN speakers AS p ON p.id = s.actor
JOIN days AS d ON d.date_start IS NOT DISTINCT FROM s.date_start
JOIN sources AS o ON o.id = s.source
ORDER BY p.line, d.place
