-- From each source to the one that carried it, between the places that chain_nodes.sql gives them.
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
),
placed AS (
  SELECT
    t.id,
    t.path,
    CAST(len(t.path) - 1 AS INTEGER) AS depth,
    (SELECT CAST(min(l.line) AS INTEGER) FROM leaves AS l WHERE list_contains(l.path, t.id)) AS line
  FROM tree AS t
)
SELECT
  below.depth AS from_column,
  below.line AS from_line,
  above.depth AS to_column,
  above.line AS to_line
FROM placed AS below
JOIN placed AS above ON above.id = below.path[-2]
ORDER BY below.path
