-- The sources on the ties and all that carried them, as a tree: the column is how many hands lie between a source and
-- the reader, the line keeps a source level with the middle of what it carries.
WITH RECURSIVE cited AS (
  SELECT source AS id, id AS row_id FROM events WHERE topic = 'ties'
  UNION ALL
  SELECT source, id FROM measures WHERE topic = 'ties'
),
needed AS (
  SELECT DISTINCT id FROM cited
  UNION
  SELECT s.via FROM needed AS n JOIN sources AS s ON s.id = n.id
  WHERE s.via IN (SELECT id FROM sources)
),
tree AS (
  SELECT s.id, [s.id] AS path
  FROM sources AS s
  WHERE s.id IN (SELECT id FROM needed) AND (s.via IS NULL OR s.via NOT IN (SELECT id FROM sources))
  UNION ALL
  SELECT s.id, list_append(t.path, s.id)
  FROM tree AS t
  JOIN sources AS s ON s.via = t.id
  WHERE s.id IN (SELECT id FROM needed)
),
leaves AS (
  SELECT t.id, t.path, row_number() OVER (ORDER BY len(t.path) = 1, t.path) - 1 AS line
  FROM tree AS t
  WHERE NOT EXISTS (SELECT 1 FROM tree AS below WHERE list_contains(below.path, t.id) AND below.id <> t.id)
)
SELECT
  t.id,
  s.name AS label,
  s.kind || ', ' || coalesce('grade ' || s.reliability, 'not graded') AS detail,
  CAST(len(t.path) - 1 AS INTEGER) AS "column",
  (SELECT CAST(min(l.line) AS INTEGER) FROM leaves AS l WHERE list_contains(l.path, t.id)) AS line,
  coalesce((SELECT list(c.row_id ORDER BY c.row_id) FROM cited AS c WHERE c.id = t.id), []) AS cites
FROM tree AS t
JOIN sources AS s ON s.id = t.id
ORDER BY t.path
