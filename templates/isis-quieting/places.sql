-- The places that reports on ISIS name, as where they happened or in their text, but for whole countries.
WITH named AS (
  SELECT place, id FROM events WHERE topic = 'isis'
  UNION ALL
  SELECT place, id FROM measures WHERE topic = 'isis'
  UNION
  SELECT p.id, e.id FROM places AS p JOIN events AS e ON contains(e.summary, '{' || p.id || '.') WHERE e.topic = 'isis'
)
SELECT
  p.id,
  p.name AS label,
  CASE
    WHEN p.kind = 'province' THEN 'Afghanistan'
    WHEN p.country = 'PK'
      THEN 'Pakistan, ±' || round(p.radius_km / 1.609344)::INTEGER || ' miles (' || printf('%.15g', p.radius_km) || ' km)'
    ELSE p.kind || ', ±' || round(p.radius_km / 1.609344)::INTEGER || ' miles (' || printf('%.15g', p.radius_km) || ' km)'
  END AS detail,
  p.province,
  p.kind,
  p.lat,
  p.lon,
  p.radius_km,
  circle(p.lat, p.lon, p.radius_km) AS circle,
  list(n.id ORDER BY n.id) AS cites
FROM places AS p
JOIN named AS n ON n.place = p.id
WHERE p.kind <> 'country'
GROUP BY ALL
ORDER BY p.id
