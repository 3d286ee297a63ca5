-- Whose name is short for another or goes by others: spelled out once, where the page names them; for all topics,
-- abbreviations alone. A name that begins with a small letter describes somebody and needs no spelling out, nor does one
-- that a description follows.
SELECT
  id,
  name,
  CASE
    WHEN starts_with(long_name, name || ', ') THEN substr(long_name, length(name) + 3)
    WHEN long_name <> name THEN long_name
  END AS long_name,
  CASE WHEN len(aliases) > 0 THEN array_to_string(aliases, ', ') END AS aliases,
  nullif(affiliation_words(affiliation), name) AS affiliation,
  note
FROM actors
WHERE ($topic <> 'all' OR upper(name) = name)
  AND (
    len(aliases) > 0
    OR (long_name <> name AND NOT starts_with(long_name, name || ', ') AND NOT regexp_matches(name, '^\p{Ll}'))
  )
ORDER BY lower(name)
