-- The abbreviations that the page uses, each spelled out once.
SELECT
  id,
  name,
  CASE
    WHEN starts_with(long_name, name || ', ') THEN substr(long_name, length(name) + 3)
    ELSE long_name
  END AS long_name,
  NULL AS aliases,
  NULL AS affiliation,
  note
FROM actors
WHERE upper(name) = name
  -- The heading of the sheet spells out its own, but does not say what of it is general knowledge.
  AND (id <> $actor OR contains(note, ': general knowledge'))
ORDER BY lower(name)
