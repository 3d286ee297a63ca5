-- Macros that every brief's queries can use.

-- A circle of `km` kilometres around a point as a GeoJSON feature, for the uncertainty of a place. The outline runs
-- clockwise, as d3 expects of a filled area. Flat-earth steps are exact enough below a few hundred kilometres.
CREATE MACRO circle(lat, lon, km) AS {
  'type': 'Feature',
  'properties': {'km': km},
  'geometry': {
    'type': 'Polygon',
    'coordinates': [list_transform(range(0, 65), lambda i: [
      round(lon + km / (111.32 * cos(radians(lat))) * sin(radians(i * 360 / 64)), 4),
      round(lat + km / 110.57 * cos(radians(i * 360 / 64)), 4)
    ])]
  }
};

-- The bound of a measure in words, for labels; the figure itself never stands without it.
CREATE MACRO bound_words(bound) AS trim(CASE bound
  WHEN '>=' THEN message('figures.at_least', 'value', '')
  WHEN '~' THEN message('figures.about', 'value', '')
  ELSE ''
END);

-- A span in words, `since` its start where it has no end; both are words already.
CREATE MACRO span_words(first, last) AS
  coalesce(message('dates.days', 'first', first, 'last', last), message('dates.since', 'day', first));

-- A scale bar of `km` kilometres eastward from a point, as one row's columns.
CREATE MACRO scale_bar(at_lat, at_lon, km) AS TABLE
  SELECT
    at_lat AS lat,
    at_lon AS lon,
    at_lat AS lat2,
    at_lon + km / (111.32 * cos(radians(at_lat))) AS lon2,
    km || ' km' AS label;

-- The first assessment of our own on a topic.
CREATE MACRO first_assessment(of_topic) AS TABLE
  SELECT id, text, NULL::VARCHAR AS theirs, rests_on AS cites
  FROM judgments
  WHERE role = 'assessment' AND topic = of_topic AND author IS NULL
  ORDER BY rank, id
  LIMIT 1;

-- What the weekly assesses of a topic: the judgments of others, and the first of our own.
CREATE MACRO weekly_assessments(of_topic) AS TABLE
  SELECT j.id, j.text, s.name AS theirs, [j.id] AS cites, j.rank
  FROM judgments AS j
  JOIN sources AS s ON s.id = j.author
  WHERE j.role = 'assessment' AND j.topic = of_topic
  UNION ALL
  SELECT id, text, theirs, cites, 1000 FROM first_assessment(of_topic)
  ORDER BY rank, id;

-- In brief: the facts that the newest bottom line of a topic, its first assessment and its first two key judgments rest
-- on, and what became known on the topic since; while there is no bottom line, all of it.
CREATE MACRO bottom_line_facts(of_topic) AS TABLE
  WITH line AS (
    SELECT known_on, rests_on
    FROM judgments
    WHERE role = 'bottom-line' AND topic = of_topic
    ORDER BY known_on DESC, rank
    LIMIT 1
  ),
  items AS (
    -- What a count counts follows it.
    SELECT
      e.id,
      e.known_on,
      e.topic,
      greatest(e.date_start, m.window_start) AS day,
      e.summary,
      -- What is counted may not lie in the days of the count.
      CASE WHEN m.id IS NOT NULL THEN e.caveat END AS caveat
    FROM events AS e
    LEFT JOIN measures AS m ON m.id = e.part_of
    UNION ALL
    SELECT id, known_on, topic, window_start, summary, NULL FROM measures
  )
  SELECT i.id, i.summary AS text, i.day, i.caveat
  FROM items AS i
  LEFT JOIN line AS l ON true
  WHERE list_contains(l.rests_on, i.id)
    OR i.id IN (SELECT unnest(cites) FROM first_assessment(of_topic))
    OR i.id IN (SELECT unnest(rests_on) FROM judgments WHERE role = 'key' AND topic = of_topic AND rank <= 2)
    OR (i.topic = of_topic AND (l.known_on IS NULL OR i.known_on > l.known_on))
  ORDER BY i.day NULLS LAST, i.id;

-- How an affiliation reads, by its title in the dataset. "other" says nothing.
CREATE MACRO affiliation_words(affiliation) AS
  (SELECT nullif(f.title, 'other') FROM affiliations AS f WHERE f.name = affiliation);

-- Each report under every actor that it names: as the one who acts (`own`) or speaks (`said`), or whom others act
-- towards or speak of (`others`). An event that is part of a count is also under the actors of that count, in the same
-- way.
CREATE MACRO actor_reports() AS TABLE
  WITH reports AS (
    SELECT
      e.id,
      e.topic,
      e.title,
      e.summary,
      e.caveat,
      e.claim_status,
      list_concat(e.actors, coalesce(m.actors, [])) AS actors,
      list_concat(e.targets, coalesce(m.targets, [])) AS others,
      true AS event,
      e.date_start AS start,
      e.date_end AS "end",
      e.date_basis AS basis,
      e.precision
    FROM events AS e
    LEFT JOIN measures AS m ON m.id = e.part_of
    UNION ALL
    SELECT
      id,
      topic,
      title,
      summary,
      caveat,
      claim_status,
      actors,
      targets,
      false,
      window_start,
      window_end,
      window_basis,
      NULL
    FROM measures
  ),
  named AS (
    SELECT id, unnest(list_distinct(list_concat(actors, others))) AS actor FROM reports
  )
  SELECT
    n.actor,
    CASE
      WHEN NOT list_contains(r.actors, n.actor) THEN 'others'
      WHEN r.claim_status IN ('claimed', 'statement') THEN 'said'
      ELSE 'own'
    END AS part,
    r.*
  FROM named AS n
  JOIN reports AS r ON r.id = n.id;

-- The topic on which most is reported of each actor.
CREATE MACRO actor_topics() AS TABLE
  SELECT actor, topic
  FROM actor_reports()
  GROUP BY actor, topic
  QUALIFY row_number() OVER (PARTITION BY actor ORDER BY count(*) DESC, topic) = 1;

-- Each actor's reports as rows of a table. The span of a count that is our own reading is given by months.
CREATE MACRO dated_reports() AS TABLE
  SELECT
    r.actor,
    r.id,
    r.part,
    r.topic = t.topic AS on_main_topic,
    r.title,
    r.summary AS text,
    r.caveat,
    r.event,
    CASE
      WHEN r.event THEN NULL
      WHEN r.start IS NULL THEN message('dates.undated')
      WHEN r.basis = 'stated' THEN span_words(short_day(r.start), short_day(r."end"))
      WHEN day(r.start) > 20
        THEN span_words(message('dates.late', 'month', short_month(r.start)), short_month(r."end"))
      WHEN r."end" IS NULL THEN span_words(short_month(r.start), NULL)
      ELSE message('figures.about', 'value', span_words(short_month(r.start), short_month(r."end")))
    END AS span,
    -- Of what is public record, the date is too.
    CASE
      WHEN r.basis = 'stated' OR r.claim_status IS NOT DISTINCT FROM 'public-record' THEN NULL
      -- What is inferred of a day or a month is its year.
      WHEN r.basis = 'inferred' AND r.precision IN ('day', 'month') THEN 'year'
      ELSE r.basis
    END AS basis,
    coalesce(replace(r.claim_status, '-', '_'), 'reported') AS status,
    -- Of whom it is reported, where that is not the actor itself.
    NULL AS reported_of,
    r.start,
    r."end"
  FROM actor_reports() AS r
  JOIN actor_topics() AS t USING (actor);

-- A box as a GeoJSON feature. Its edges follow meridians and parallels, and run clockwise.
CREATE MACRO box(west, south, east, north) AS {
  'type': 'Feature',
  'geometry': {
    'type': 'Polygon',
    'coordinates': [list_concat(
      list_transform(range(0, 17), lambda i: [round(west + (east - west) * i / 16, 4), round(north, 4)]),
      list_transform(range(0, 17), lambda i: [round(east, 4), round(north - (north - south) * i / 16, 4)]),
      list_transform(range(0, 17), lambda i: [round(east - (east - west) * i / 16, 4), round(south, 4)]),
      list_transform(range(0, 17), lambda i: [round(west, 4), round(south + (north - south) * i / 16, 4)])
    )]
  }
};

-- The incidents to be counted that may have happened from one day to another.
CREATE MACRO incidents_between(first_day, last_day) AS TABLE
  SELECT * FROM incidents WHERE counts AND start <= last_day AND "end" >= first_day;

-- The frame of a map of those incidents: around their points and, if all are in the same country, around it too.
CREATE MACRO incident_frame(first_day, last_day) AS TABLE
  WITH placed AS (
    SELECT lat, lon, country FROM incidents_between(first_day, last_day) WHERE lat IS NOT NULL AND lon IS NOT NULL
  ),
  parts AS (
    SELECT min(lon) AS west, min(lat) AS south, max(lon) AS east, max(lat) AS north FROM placed
    UNION ALL
    SELECT west, south, east, north FROM countries
    WHERE code = (SELECT min(country) FROM placed HAVING count(DISTINCT country) = 1)
  ),
  whole AS (
    SELECT min(west) AS west, min(south) AS south, max(east) AS east, max(north) AS north FROM parts
  )
  -- A margin, and at least a degree.
  SELECT
    greatest(west - margin, -180) AS west,
    greatest(south - margin, -80) AS south,
    least(east + margin, 180) AS east,
    least(north + margin, 80) AS north
  FROM (SELECT *, greatest(0.5, 0.06 * greatest(east - west, north - south)) AS margin FROM whole)
  WHERE west IS NOT NULL;

-- Those incidents by the cells of a grid over the frame, at their mean point: those whose place is known to the spot or
-- nearby, and the others.
CREATE MACRO incident_cells(first_day, last_day) AS TABLE
  WITH placed AS (
    SELECT
      number,
      lat,
      lon,
      coalesce(place_precision IN ('exact', 'near'), false) AS precise,
      greatest(f.east - f.west, f.north - f.south) / 24 AS size
    FROM incidents_between(first_day, last_day), incident_frame(first_day, last_day) AS f
    WHERE lat IS NOT NULL AND lon IS NOT NULL
  )
  SELECT
    round(sum(lat * number) / sum(number), 4) AS lat,
    round(sum(lon * number) / sum(number), 4) AS lon,
    CAST(sum(number) AS INTEGER) AS incidents,
    precise
  FROM placed
  GROUP BY floor(lat / size), floor(lon / size), precise;
