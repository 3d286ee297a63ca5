-- What is reported, the newest first. A query sees only what was known by the cut-off: no filter on known_on is needed.
-- It may use $as_of, $period_start and $previous_as_of, as in: WHERE date_start >= $period_start
SELECT id, summary AS text, caveat
FROM events
ORDER BY date_start DESC NULLS LAST, id
