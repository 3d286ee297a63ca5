-- The lanes of the hero picture, and how each is headed.
SELECT
  l.lane,
  l.line,
  l.lines,
  CASE l.lane
    WHEN 'claims' THEN 'ISIS claims'
    WHEN 'abroad' THEN 'Across the border'
    ELSE 'Public messages'
  END AS title,
  CASE l.lane
    WHEN 'claims' THEN 'in Afghanistan'
    WHEN 'abroad' THEN 'in Pakistan'
    ELSE 'filled: hails victories'
  END AS detail,
  if(
    l.lane = 'messages' AND EXISTS (SELECT 1 FROM signatures() WHERE speech_act IS DISTINCT FROM 'welcome'),
    'open: thanks, prisoners',
    ''
  ) AS more
FROM hero_lanes($topics) AS l
ORDER BY l.line
