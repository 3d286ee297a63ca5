-- The measures of the topic as large figures, each with its bound and window; for all topics the largest of each.
-- Shares are drawn instead. A window that is our own reading says so, and is given by months.
SELECT
  id,
  bound_words(bound) AS bound,
  printf('%.15g', measures.value) AS value,
  label
    || CASE
      WHEN window_basis = 'stated'
        THEN ', ' || window_words(strftime(window_start, '%-d %B %Y'), strftime(window_end, '%-d %B %Y'), ' to ')
      WHEN window_end IS NULL THEN ', since about ' || strftime(window_start, '%-d %B %Y')
      ELSE ' (our reading: ' || strftime(window_start, '%B %Y') || ' to ' || strftime(window_end, '%B %Y') || ')'
    END AS label
FROM measures
WHERE (topic = $topic OR $topic = 'all') AND unit <> '%' AND window_start IS NOT NULL
QUALIFY $topic <> 'all' OR row_number() OVER (PARTITION BY topic ORDER BY measures.value DESC) = 1
ORDER BY list_position(['isis', 'ties', 'celebrations'], topic), measures.value DESC, id
