-- What the actor is. Its full name is the heading of the sheet, so only a shorter one is said again.
SELECT
  id,
  CASE WHEN long_name <> name THEN name END AS abbreviation,
  CASE WHEN len(aliases) > 0 THEN array_to_string(aliases, ', ') END AS aliases,
  nullif(affiliation_words(affiliation), name) AS affiliation,
  note
FROM actors
WHERE id = $actor
