-- The places of the actor's acts and statements; a country only if no place within it is reported.
WITH sites AS (
  SELECT p.id, p.name, p.kind, p.country, list(DISTINCT r.id ORDER BY r.id) AS cites
  FROM actor_reports() AS r
  LEFT JOIN events AS e ON e.id = r.id
  LEFT JOIN measures AS m ON m.id = r.id
  JOIN places AS p ON p.id = coalesce(e.place, m.place)
  WHERE r.actor = $actor AND r.part <> 'others'
  GROUP BY ALL
)
SELECT id, name, cites
FROM sites AS s
WHERE kind <> 'country' OR NOT EXISTS (SELECT 1 FROM sites AS o WHERE o.country = s.country AND o.kind <> 'country')
ORDER BY name
