-- What the actor is. Its full name is the heading of the sheet, so only a shorter one is said again.
SELECT
  id,
  CASE WHEN long_name <> name THEN name END AS abbreviation,
  NULL AS long_name,
  CASE WHEN len(aliases) > 0 THEN array_to_string(aliases, ', ') END AS aliases,
  -- A name may say it already.
  CASE WHEN NOT starts_with(name, affiliation_words(affiliation)) THEN affiliation_words(affiliation) END AS affiliation,
  -- What of it is general knowledge stands among the names.
  nullif(regexp_replace(note, '(^|; )[^;]*: general knowledge$', ''), '') AS note
FROM actors
WHERE id = $actor
