-- The incidents behind the comparison: the evidence set "scanned". What it selects is attached, so it selects only ids.
SELECT id FROM incidents WHERE counts AND start > CAST($as_of - INTERVAL 5 YEAR AS DATE) AND start <= $as_of
