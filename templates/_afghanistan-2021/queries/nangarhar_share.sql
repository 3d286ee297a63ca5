-- The share that nests in no other: what it leaves for the rest of the country is bounded too.
SELECT id, value, bound
FROM measures
WHERE topic = 'isis' AND unit = '%' AND within IS NULL
ORDER BY id
LIMIT 1
