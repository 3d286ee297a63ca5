-- When incidents of the last year became known, to estimate the reporting lag. The first import is left out: it brought
-- all its rows at once, which says nothing about how long reports take.
SELECT start, known_on, CAST(sum(number) AS INTEGER) AS count
FROM incidents
WHERE counts AND start > $as_of - INTERVAL 1 YEAR AND known_on > (SELECT min(known_on) FROM incidents)
GROUP BY ALL
ORDER BY ALL
LIMIT 10000
