-- What the actor is. Its full name is the heading of the sheet, so only a shorter one is said again; once collection has
-- ended, the heading says that instead, and the full name stands here.
SELECT
  id,
  CASE WHEN long_name <> name THEN name END AS abbreviation,
  CASE WHEN (SELECT max("end") FROM coverage) < $as_of THEN long_name END AS long_name,
  CASE WHEN len(aliases) > 0 THEN array_to_string(aliases, ', ') END AS aliases,
  -- A name may say it already.
  CASE WHEN NOT starts_with(name, affiliation_words(affiliation)) THEN affiliation_words(affiliation) END AS affiliation,
  -- What of it is general knowledge stands among the names.
  nullif(regexp_replace(note, '(^|; )[^;]*: general knowledge$', ''), '') AS note
FROM actors
WHERE id = $actor
