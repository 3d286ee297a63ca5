-- What is reported on the ties, oldest first; what has no date comes last and stands in a lane of its own. A span that is
-- our own reading is labelled no more exactly than it is reported.
WITH items AS (
  SELECT
    id,
    title,
    precision,
    date_basis AS basis,
    date_start AS first,
    -- A day, and a month too, may be given by its start alone.
    coalesce(date_end, CASE precision WHEN 'month' THEN last_day(date_start) ELSE date_start END) AS last
  FROM events
  WHERE topic = 'ties' AND claim_status NOT IN ('asserted', 'assessed')
  UNION ALL
  SELECT id, title, 'window', window_basis, window_start, window_end
  FROM measures
  WHERE topic = 'ties' AND window_start IS NOT NULL AND window_end IS NOT NULL
)
SELECT
  id,
  CAST(row_number() OVER (ORDER BY precision = 'undated', first, last, id) - 1 AS INTEGER) AS "order",
  title AS label,
  first AS start,
  last AS "end",
  precision,
  CASE precision
    WHEN 'undated' THEN 'undated'
    WHEN 'day' THEN strftime(first, '%-d %b %Y')
    WHEN 'month' THEN strftime(first, '%b %Y')
    WHEN 'season' THEN
      CASE month(first) % 12 // 3
        WHEN 1 THEN strftime(first, 'spring %Y')
        WHEN 2 THEN strftime(first, 'summer %Y')
        WHEN 3 THEN strftime(first, 'autumn %Y')
        ELSE strftime(first - INTERVAL 2 MONTH, 'winter %Y') || strftime(first + INTERVAL 10 MONTH, '–%y')
      END
    WHEN 'window' THEN
      if(
        basis = 'inferred',
        'prior ' || date_diff('month', first, last) || ' months (our reading)',
        strftime(first, '%b %Y') || ' – ' || strftime(last, '%b %Y')
      )
    ELSE if(
      basis = 'inferred' AND dayofyear(first) = 1 AND month(last) <= 3,
      strftime(first, '%Y – early ') || strftime(last, '%Y'),
      strftime(first, '%b %Y') || ' – ' || strftime(last, '%b %Y')
    )
  END AS tag,
  CASE precision WHEN 'undated' THEN 'undated' ELSE 'dated' END AS lane
FROM items
ORDER BY "order"
