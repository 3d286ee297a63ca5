-- The sources on the ties and all that carried them, as a tree: the column is how many hands lie between a source and
-- the reader, the line keeps a source level with the first of what it carries, and the link leads to what carried it.
WITH RECURSIVE cited AS (
  SELECT source AS id, list(id ORDER BY id) AS rows
  FROM (
    SELECT source, id FROM events WHERE topic = 'ties'
    UNION ALL
    SELECT source, id FROM measures WHERE topic = 'ties'
  )
  GROUP BY source
),
tree AS (
  SELECT id, [id] AS path
  FROM sources
  WHERE via IS NULL OR via NOT IN (SELECT id FROM sources)
  UNION ALL
  SELECT s.id, list_append(t.path, s.id)
  FROM tree AS t
  JOIN sources AS s ON s.via = t.id
),
-- The path of every cited source names each source that is needed.
needed AS (
  SELECT DISTINCT unnest(t.path) AS id FROM tree AS t JOIN cited AS c ON c.id = t.id
),
branches AS (
  SELECT t.id, t.path FROM tree AS t JOIN needed AS n ON n.id = t.id
),
leaves AS (
  SELECT b.path, row_number() OVER (ORDER BY len(b.path) = 1, b.path) - 1 AS line
  FROM branches AS b
  WHERE NOT EXISTS (SELECT 1 FROM branches AS below WHERE below.id <> b.id AND list_contains(below.path, b.id))
),
lined AS (
  SELECT b.id, b.path, CAST(min(l.line) AS INTEGER) AS line
  FROM branches AS b
  JOIN leaves AS l ON list_contains(l.path, b.id)
  GROUP BY b.id, b.path
)
SELECT
  l.id,
  s.name AS label,
  s.kind || ', ' || coalesce('grade ' || s.reliability, 'not graded') AS detail,
  CAST(len(l.path) - 1 AS INTEGER) AS "column",
  l.line,
  CAST(len(l.path) - 1 AS INTEGER) AS from_column,
  l.line AS from_line,
  CAST(len(l.path) - 2 AS INTEGER) AS to_column,
  above.line AS to_line,
  coalesce(c.rows, []) AS cites
FROM lined AS l
JOIN sources AS s ON s.id = l.id
LEFT JOIN lined AS above ON above.id = l.path[-2]
LEFT JOIN cited AS c ON c.id = l.id
ORDER BY l.path
