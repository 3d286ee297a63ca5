-- The indicators of the topic. For all topics: the first of each.
SELECT
  i.id,
  i.text,
  i.direction,
  count_words(i.threshold) || coalesce(' ' || i.threshold_unit, '') AS threshold,
  i.meaning,
  i.rests_on
FROM indicators AS i
LEFT JOIN topics AS t ON t.name = i.topic
WHERE list_contains($topics, i.topic)
QUALIFY $topic <> 'all' OR row_number() OVER (PARTITION BY i.topic ORDER BY i.rank) = 1
ORDER BY t.rank, i.rank
