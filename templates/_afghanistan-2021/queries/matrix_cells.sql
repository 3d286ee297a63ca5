-- Who spoke when: a row for each signatory. What has no day stands in a column beside the axis. A message by itself is
-- not drawn.
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
  coalesce(day_label(s.date_start), message('dates.undated')) AS "column",
  s.date_start AS day,
  CASE s.speech_act WHEN 'welcome' THEN 'yes' ELSE 'no' END AS hails,
  -- What hails nobody says what it is instead.
  CASE
    WHEN s.speech_act = 'thanks' THEN 'thanks'
    WHEN o.kind = 'video' THEN 'video'
    ELSE 'statement'
  END AS label,
  CASE WHEN len(s.actors) > 1 THEN s.id END AS joint_with
FROM signatures() AS s
JOIN matrix_speakers() AS p ON p.id = s.actor
JOIN sources AS o ON o.id = s.source
WHERE (SELECT count(DISTINCT id) FROM signatures()) > 1
ORDER BY p.line, s.date_start NULLS LAST
