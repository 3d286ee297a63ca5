-- The places that reports on the ties name within the map, with how far off each may be.
SELECT
  p.id,
  p.name AS label,
  '±' || round(p.radius_km / 1.609344)::INTEGER || ' miles (' || printf('%.15g', p.radius_km) || ' km)' AS detail,
  p.province,
  p.kind,
  p.lat,
  p.lon,
  p.radius_km,
  circle(p.lat, p.lon, p.radius_km) AS circle,
  list(e.id ORDER BY e.id) AS cites
FROM places AS p
JOIN events AS e ON e.place = p.id
WHERE e.topic = 'ties' AND p.country IN ('AF', 'PK')
GROUP BY ALL
ORDER BY p.id
