-- Who spoke when: a row for each signatory, the columns being the days named and one for what is undated.
SELECT
  s.id,
  p.name AS who,
  p.line AS "order",
  CASE p.affiliation
    WHEN 'al-qaeda-branch' THEN 'Al-Qaeda branch'
    WHEN 'media-unit' THEN 'Media unit'
    WHEN 'allied' THEN 'Allied'
    ELSE 'Other'
  END AS affiliation,
  coalesce(day_label(s.date_start), 'undated') AS "column",
  d.place AS column_order,
  CASE o.kind WHEN 'video' THEN 'video' ELSE 'statement' END AS kind,
  -- What hails nobody says what it is instead.
  CASE
    WHEN s.speech_act = 'thanks' THEN 'thanks'
    WHEN o.kind = 'video' THEN 'video'
    ELSE 'statement'
  END AS label,
  CASE WHEN len(s.actors) > 1 THEN s.id END AS joint_with
FROM signatures() AS s
JOIN matrix_speakers() AS p ON p.id = s.actor
JOIN matrix_days() AS d ON d.date_start IS NOT DISTINCT FROM s.date_start
JOIN sources AS o ON o.id = s.source
ORDER BY p.line, d.place
