-- Whose name is short for another or goes by others, among those whom the brief names: each spelled out once. For all
-- topics only abbreviations are.
WITH named AS (
  SELECT unnest(list_concat(actors, targets)) AS id, topic FROM events
  UNION ALL
  SELECT unnest(list_concat(actors, targets)) AS id, topic FROM measures
  UNION ALL
  SELECT a.id, e.topic FROM actors AS a JOIN events AS e ON contains(e.summary, '{' || a.id || '.')
)
SELECT
  a.id,
  a.name,
  CASE
    WHEN starts_with(a.long_name, a.name || ', ') THEN substr(a.long_name, length(a.name) + 3)
    WHEN a.long_name <> a.name THEN a.long_name
  END AS long_name,
  CASE WHEN len(a.aliases) > 0 THEN array_to_string(a.aliases, ', ') END AS aliases,
  CASE a.affiliation
    WHEN 'al-qaeda-branch' THEN 'Al-Qaeda branch'
    WHEN 'al-qaeda-core' THEN 'Al-Qaeda'
    WHEN 'media-unit' THEN 'media unit'
    WHEN 'allied' THEN 'allied'
  END AS affiliation,
  a.note
FROM actors AS a
WHERE a.id IN (SELECT id FROM named WHERE $topic = 'all' OR topic = $topic)
  AND ($topic <> 'all' OR upper(a.name) = a.name)
  AND (len(a.aliases) > 0 OR (a.long_name <> a.name AND a.affiliation <> 'other'))
ORDER BY lower(a.name)
