-- The incidents to be counted that may have happened in the period: the evidence set "period" of briefs that use the
-- partials "incidents" and "map".
SELECT * EXCLUDE (actors) FROM incidents_between($period_start, $as_of)
