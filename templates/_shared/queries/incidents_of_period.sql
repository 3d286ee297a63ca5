-- The incidents to be counted that may have happened in the period: the evidence set "period" of briefs that use the
-- partials "incidents" and "map".
SELECT * EXCLUDE (actors) FROM incidents WHERE counts AND start <= $as_of AND "end" >= $period_start
