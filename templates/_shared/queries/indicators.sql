SELECT
  id,
  text,
  direction,
  printf('%.15g', threshold) || coalesce(' ' || threshold_unit, '') AS threshold,
  meaning,
  rests_on
FROM indicators
WHERE topic = $topic OR $topic = 'all'
QUALIFY $topic <> 'all' OR row_number() OVER (PARTITION BY topic ORDER BY rank) = 1
ORDER BY list_position(['isis', 'ties', 'celebrations'], topic), rank
