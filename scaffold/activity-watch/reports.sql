-- When incidents of the last year became known. The reporting lag is estimated from them once there are three imports.
SELECT start, known_on, CAST(sum(number) AS INTEGER) AS count
FROM incidents
WHERE counts AND start > CAST($as_of - INTERVAL 1 YEAR AS DATE)
GROUP BY ALL
ORDER BY ALL
LIMIT 10000
