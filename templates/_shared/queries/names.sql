-- Whose name is short for another or goes by others, among those whom the brief names: each spelled out once. For all
-- topics only abbreviations are, and so is each abbreviation in a row of another topic that the brief rests on. A name
-- that begins with a small letter describes somebody and needs no spelling out, nor does one that a description follows.
WITH named AS (
  SELECT unnest(list_concat(actors, targets)) AS id, topic FROM events
  UNION ALL
  SELECT unnest(list_concat(actors, targets)) AS id, topic FROM measures
  UNION ALL
  SELECT a.id, e.topic FROM actors AS a JOIN events AS e ON contains(e.summary, '{' || a.id || '.')
),
listed AS (
  SELECT id FROM named WHERE list_contains($topics, topic)
  UNION ALL
  -- Headings name the topic.
  SELECT a.id FROM actors AS a JOIN topics AS t ON t.title = a.name WHERE list_contains($topics, t.name)
),
spelled AS (
  SELECT id FROM listed
  UNION ALL
  SELECT actor FROM abbreviations() WHERE id IN (SELECT id FROM topic_rows() WHERE topic = $topic UNION ALL SELECT id FROM listed)
)
SELECT
  a.id,
  a.name,
  CASE
    WHEN starts_with(a.long_name, a.name || ', ') THEN substr(a.long_name, length(a.name) + 3)
    WHEN a.long_name <> a.name THEN a.long_name
  END AS long_name,
  CASE WHEN len(a.aliases) > 0 THEN array_to_string(a.aliases, ', ') END AS aliases,
  nullif(affiliation_words(a.affiliation), a.name) AS affiliation,
  a.note
FROM actors AS a
WHERE a.id IN (SELECT id FROM spelled)
  AND ($topic <> 'all' OR upper(a.name) = a.name)
  AND (
    len(a.aliases) > 0
    OR (a.long_name <> a.name AND NOT starts_with(a.long_name, a.name || ', ') AND NOT regexp_matches(a.name, '^\p{Ll}'))
  )
ORDER BY lower(a.name)
