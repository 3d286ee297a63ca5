-- What the hero picture spans, with its lanes from the top and how each is headed, the days of the weeks that it enlarges,
-- and the months of the span of the count. One query, because finding the frame takes longer than all that follows from it.
SELECT
  *,
  list_filter(
    [
      {'lane': 'claims', 'line': 0, 'lines': claim_lines, 'title': 'ISIS in Afghanistan', 'detail': 'claims, then attacks', 'more': ''},
      {
        'lane': 'abroad',
        'line': claim_lines,
        'lines': abroad_lines,
        'title': 'Across the border',
        'detail': 'in Pakistan',
        'more': ''
      },
      {
        'lane': 'messages',
        'line': claim_lines + abroad_lines,
        'lines': message_lines,
        'title': 'Public messages',
        'detail': 'filled: hails victories',
        'more': if(
          EXISTS (SELECT 1 FROM signatures() WHERE speech_act IS DISTINCT FROM 'welcome'), 'open: thanks, prisoners', ''
        )
      }
    ],
    lambda lane: lane.lines > 0
  ) AS lanes,
  -- Before the first day stands the month.
  list_transform(generate_series(zoom_start, zoom_end, INTERVAL 1 DAY), lambda d: {
    'day': d::DATE,
    'label': if(strftime(d, '%-d') = '1' AND d > zoom_start, day_label(d), strftime(d, '%-d')),
    'month': if(d = zoom_start, long_month(d), '')
  }) AS days,
  coalesce(
    list_transform(generate_series(date_trunc('month', whole_start), zoom_end, INTERVAL 1 MONTH), lambda m: {
      'month': greatest(m, whole_start)::DATE,
      'label': if(m <= whole_start, long_day(whole_start), month_name(m))
    }),
    []
  ) AS months
FROM hero_frame($topics, $as_of)
