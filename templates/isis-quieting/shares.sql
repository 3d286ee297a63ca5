-- The whole, and in it each share as deep as it nests; only drawn once a share is known.
WITH shares AS (SELECT * FROM measures WHERE topic = 'isis' AND unit = '%'),
lines AS (
  SELECT
    m.id,
    p.name AS place,
    CASE WHEN m.within IS NULL THEN p.kind ELSE p.kind || ', within it' END AS detail,
    m.value,
    bound_words(m.bound) || ' ' || message('figures.per_cent_short', 'value', number_words(m.value)) AS label,
    CAST(row_number() OVER (ORDER BY m.within IS NOT NULL, m.value DESC) AS INTEGER) AS "order",
    [m.id] AS cites
  FROM shares AS m
  JOIN places AS p ON p.id = m.place
  UNION ALL
  SELECT p.id, p.name, p.kind, 100, 'all attacks', 0, []
  FROM places AS p
  WHERE p.kind = 'country' AND EXISTS (SELECT 1 FROM shares)
)
-- From nought, whether or not the whole is known: what is first nests in nothing.
SELECT * REPLACE (CAST(row_number() OVER (ORDER BY "order") - 1 AS INTEGER) AS "order")
FROM lines
ORDER BY "order"
