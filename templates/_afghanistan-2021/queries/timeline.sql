-- What is reported on the ties: meetings by when they are said to have been held, then reports and statements by when they
-- were published, oldest first; what has no date comes last and stands in a lane of its own. The deal, which is general
-- knowledge, is a line through all lanes and has none. A span that is our own reading is labelled no more exactly than it
-- is reported.
WITH items AS (
  SELECT
    id,
    title,
    precision,
    date_basis AS basis,
    date_start AS first,
    -- A day, and a month too, may be given by its start alone.
    coalesce(date_end, CASE precision WHEN 'month' THEN last_day(date_start) ELSE date_start END) AS last,
    CASE
      WHEN claim_status = 'public-record' THEN 'deal'
      WHEN precision IN ('range', 'season') THEN 'meeting'
      ELSE 'report'
    END AS kind
  FROM events
  WHERE topic = 'ties' AND claim_status NOT IN ('asserted', 'assessed')
  UNION ALL
  SELECT id, title, 'window', window_basis, window_start, window_end, 'meeting'
  FROM measures
  WHERE topic = 'ties' AND window_start IS NOT NULL AND window_end IS NOT NULL
),
laned AS (
  SELECT *, if(precision = 'undated', 'undated', kind) AS part FROM items
)
SELECT
  id,
  kind,
  CASE
    WHEN kind <> 'deal'
      THEN CAST(row_number() OVER (
        ORDER BY kind = 'deal', list_position(['meeting', 'report', 'undated'], part), first, last, id
      ) - 1 AS INTEGER)
  END AS "order",
  -- The name of a lane stands at its first line.
  CASE
    WHEN kind <> 'deal' AND row_number() OVER (PARTITION BY part ORDER BY first, last, id) = 1
      THEN CASE part WHEN 'meeting' THEN 'Meetings' WHEN 'report' THEN 'Published' ELSE 'Undated' END
  END AS heading,
  title AS label,
  first AS start,
  last AS "end",
  precision,
  CASE precision
    WHEN 'undated' THEN message('dates.undated')
    WHEN 'day' THEN short_day(first)
    WHEN 'month' THEN short_month(first)
    WHEN 'season' THEN season(first)
    WHEN 'window' THEN
      if(
        basis = 'inferred',
        'our reading; days not given',
        span_words(short_month(first), short_month(last))
      )
    ELSE coalesce(early_span(basis, first, last), span_words(short_month(first), short_month(last)))
  END AS tag,
  CASE precision WHEN 'undated' THEN 'undated' ELSE 'dated' END AS lane
FROM laned
ORDER BY "order" NULLS LAST
