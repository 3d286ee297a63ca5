-- The measures of the topic as large figures, each with its bound and window. For all topics: the largest of each.
-- Shares are drawn instead. A window that is our own reading says so, and is given by months.
SELECT
  m.id,
  bound_words(m.bound) AS bound,
  number_words(m.value) AS value,
  CASE
    WHEN m.window_basis = 'stated' AND m.window_end IS NULL
      THEN message('figures.since', 'label', m.label, 'day', long_day(m.window_start))
    WHEN m.window_basis = 'stated'
      THEN message('figures.during', 'label', m.label, 'first', long_day(m.window_start), 'last', long_day(m.window_end))
    WHEN m.window_end IS NULL THEN message('figures.since_about', 'label', m.label, 'day', long_day(m.window_start))
    ELSE
      message('figures.our_reading', 'label', m.label, 'first', long_month(m.window_start), 'last', long_month(m.window_end))
  END AS label
FROM measures AS m
LEFT JOIN topics AS t ON t.name = m.topic
WHERE list_contains($topics, m.topic) AND m.unit <> '%' AND m.window_start IS NOT NULL
QUALIFY $topic <> 'all' OR row_number() OVER (PARTITION BY m.topic ORDER BY m.value DESC) = 1
ORDER BY t.rank, m.value DESC, m.id
