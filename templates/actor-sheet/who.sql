SELECT
  id,
  CASE WHEN long_name <> name THEN long_name END AS long_name,
  CASE WHEN len(aliases) > 0 THEN array_to_string(aliases, ', ') END AS aliases,
  nullif(affiliation_words(affiliation), name) AS affiliation,
  note
FROM actors
WHERE id = $actor
