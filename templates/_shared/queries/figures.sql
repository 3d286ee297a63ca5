-- The measures of the topic as large figures, each with its bound; shares of a whole are drawn instead.
SELECT
  id,
  bound_words(bound) AS bound,
  printf('%g', value) AS value,
  label
    || CASE WHEN window_start IS NULL THEN '' ELSE ', since ' || strftime(window_start, '%-d %B %Y') END
    || CASE WHEN window_basis = 'inferred' THEN ' (our reading of the window)' ELSE '' END AS label
FROM measures
WHERE (topic = $topic OR $topic = 'all') AND unit <> '%' AND window_start IS NOT NULL
ORDER BY list_position(['isis', 'ties', 'celebrations'], topic), measures.value DESC, id
