-- What the map of the partial "map" shows: a box, the sizes of its legend, and how many incidents have no point.
SELECT
  'Feature' AS type,
  box(west, south, east, north).geometry AS geometry,
  west,
  south,
  east,
  north,
  (SELECT list_sort(list_distinct([1, CAST(ceil(max(incidents) / 4) AS INTEGER), max(incidents)]))
   FROM incident_cells($period_start, $as_of)) AS legend,
  (SELECT CAST(coalesce(sum(number), 0) AS INTEGER) FROM incidents_between($period_start, $as_of)
   WHERE lat IS NULL OR lon IS NULL) AS unplaced,
  ['period'] AS cites
FROM incident_frame($period_start, $as_of)
