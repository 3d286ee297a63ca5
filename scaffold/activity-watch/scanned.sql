-- The incidents behind the comparison: the evidence set "scanned". Its ids are attached, so it selects no more.
SELECT id FROM incidents WHERE counts AND start > $as_of - INTERVAL 5 YEAR AND start <= $as_of
