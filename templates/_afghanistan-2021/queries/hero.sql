-- The hero picture: when the Taliban took what, which divides before from after in all lanes, and the parts that are
-- known by the cut-off, each in its lane: a count over its span, what is known after it, what happened across the border,
-- and messages by day.
WITH arrived AS MATERIALIZED (SELECT * FROM arrivals()),
-- Readings disagree about some days: the count reaches at least to the earlier end, the silence from the later start.
silence AS MATERIALIZED (
  SELECT
    list(DISTINCT measure) AS measures,
    list(id ORDER BY id) AS ids,
    any_value(title) AS title,
    bound_words(any_value(bound)) || ' ' || number_words(any_value(value)) AS value,
    min(window_start) AS count_start,
    min(baseline_end) AS active_to,
    max(quiet_start) AS quiet_from,
    max(observed_to) AS observed_to
  FROM hero_silences($topics)
  HAVING count(*) > 0
),
parts AS (
  SELECT
    'count' AS part,
    'claims' AS lane,
    title AS what,
    value || ' claimed operations: a total, with no figures by day' AS label,
    count_start AS start,
    active_to AS "end",
    measures AS cites,
    -- The weeks below show an end of the block: it says that it is only part of the count.
    'part of ' || value AS inside
  FROM silence
  UNION ALL
  SELECT 'either', 'claims', 'Active or quiet: not stated', NULL, active_to + 1, quiet_from - 1, ids, NULL
  FROM silence
  WHERE quiet_from - active_to > 1
  UNION ALL
  SELECT 'silence', 'claims', 'No attack reported', 'no attack reported (assumed to ' || day_label(observed_to) || ')',
    quiet_from, observed_to, ids, NULL
  FROM silence
  UNION ALL
  SELECT 'abroad', 'abroad', title, title, date_start, coalesce(date_end, date_start), [id], NULL
  FROM hero_abroad($topics)
  UNION ALL
  SELECT if(any_value(s.speech_act) = 'welcome', 'welcome', 'other'),
    if(s.date_start IS NULL, 'undated', 'messages'),
    string_agg(a.name, ' + ' ORDER BY a.name) AS names,
    names,
    s.date_start,
    s.date_start,
    [s.id],
    NULL
  FROM signatures() AS s
  JOIN actors AS a ON a.id = s.actor
  WHERE list_contains($topics, s.topic)
  GROUP BY s.id, s.date_start
  UNION ALL
  SELECT 'arrival', 'all', title, title || ', ' || (
    CASE WHEN start = "end" THEN day_label(start) ELSE strftime(start, '%-d–') || day_label("end") END
  ), start, "end", [id], NULL
  FROM arrived
)
SELECT
  * EXCLUDE (inside),
  -- What shares a day is drawn on lines of its own, and so is each arrival.
  CAST(row_number() OVER (
    PARTITION BY lane, CASE WHEN part <> 'arrival' THEN start END
    ORDER BY start, CASE part WHEN 'arrival' THEN "end" END DESC, what
  ) - 1 AS INTEGER) AS slot,
  inside
FROM parts
WHERE EXISTS (SELECT 1 FROM arrived)
QUALIFY count(*) FILTER (part <> 'arrival') OVER () > 1
ORDER BY lane, start NULLS LAST, slot
