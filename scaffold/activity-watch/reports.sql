-- When incidents of the last months became known, for the reporting lag. The first import brought its rows all at once
-- and says nothing of how long reports take.
SELECT start, known_on, CAST(sum(number) AS INTEGER) AS count
FROM incidents
WHERE counts AND start > $as_of - INTERVAL 1 YEAR AND known_on > (SELECT min(known_on) FROM incidents)
GROUP BY ALL
ORDER BY ALL
LIMIT 10000
