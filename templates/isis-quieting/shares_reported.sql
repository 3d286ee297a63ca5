SELECT id, summary AS text, caveat
FROM measures
WHERE topic = 'isis' AND unit = '%'
ORDER BY value DESC
