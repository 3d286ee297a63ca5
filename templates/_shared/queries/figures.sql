-- The measures of the topic as large figures, each with its bound and window. For all topics: the largest of each.
-- Shares are drawn instead. A window that is our own reading says so, and is given by months.
SELECT
  m.id,
  bound_words(m.bound) AS bound,
  printf('%.15g', m.value) AS value,
  m.label
    || CASE
      WHEN m.window_basis = 'stated'
        THEN ', ' || window_words(strftime(m.window_start, '%-d %B %Y'), strftime(m.window_end, '%-d %B %Y'), ' to ')
      WHEN m.window_end IS NULL THEN ', since about ' || strftime(m.window_start, '%-d %B %Y')
      ELSE ' (our reading: ' || strftime(m.window_start, '%B %Y') || ' to ' || strftime(m.window_end, '%B %Y') || ')'
    END AS label
FROM measures AS m
LEFT JOIN topics AS t ON t.name = m.topic
WHERE list_contains($topics, m.topic) AND m.unit <> '%' AND m.window_start IS NOT NULL
QUALIFY $topic <> 'all' OR row_number() OVER (PARTITION BY m.topic ORDER BY m.value DESC) = 1
ORDER BY t.rank, m.value DESC, m.id
