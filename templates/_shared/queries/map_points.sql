-- The incidents of the period by the cells of a grid, for the map of the partial "map". Larger circles are drawn first.
SELECT lat, lon, incidents, precise, ['period'] AS cites
FROM incident_cells($period_start, $as_of)
ORDER BY incidents DESC, lat, lon, precise
