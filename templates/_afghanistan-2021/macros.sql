-- Macros for the queries of all briefs on this dataset.

-- The fall of Kabul, which divides what was said before from what was said after; no row while it is not known.
CREATE MACRO fall_of_kabul() AS TABLE
  SELECT e.id, e.title, e.date_start, e.date_end
  FROM events AS e
  JOIN places AS p ON p.id = e.place
  WHERE e.topic = 'context' AND p.name = 'Kabul' AND e.date_start IS NOT NULL
  ORDER BY e.known_on, e.id
  LIMIT 1;

-- Who signed what on the takeover: a row for each signatory.
CREATE MACRO signatures() AS TABLE
  SELECT id, topic, date_start, source, claim_status, speech_act, actors, unnest(actors) AS actor
  FROM events
  WHERE topic = 'celebrations';

-- The line of each speaker in the matrix: by affiliation, and those of a joint statement next to each other.
CREATE MACRO matrix_speakers() AS TABLE
  SELECT
    a.id,
    a.name,
    a.affiliation,
    CAST(row_number() OVER (
      ORDER BY
        list_position(['al-qaeda-branch', 'media-unit', 'allied', 'other'], a.affiliation),
        min(s.id) FILTER (len(s.actors) > 1) NULLS LAST,
        min(s.date_start) NULLS LAST,
        a.name
    ) - 1 AS INTEGER) AS line
  FROM signatures() AS s
  JOIN actors AS a ON a.id = s.actor
  GROUP BY a.id, a.name, a.affiliation;

-- The days that the matrix spans: those of the messages, with room for labels, and the fall of Kabul once messages follow it.
CREATE MACRO matrix_span() AS TABLE
  SELECT min(date_start) - 3 AS first, max(date_start) + 1 AS last
  FROM signatures()
  WHERE date_start IS NOT NULL;

-- Under whose names an actor is reported on: its own, and for ISIS and its branch, one organisation, the other's too.
CREATE MACRO actor_names() AS TABLE
  SELECT a.id AS actor, b.id AS reported_as
  FROM actors AS a
  JOIN actors AS b ON b.id = a.id OR (a.affiliation = 'isis' AND b.affiliation = 'isis');

-- Which actors are branches of which: those of Al-Qaeda by their affiliation, that of ISIS by its name.
CREATE MACRO actor_branches() AS TABLE
  SELECT w.id AS whole, b.id AS branch, b.name AS branch_name, w.name AS whole_name
  FROM actors AS w
  JOIN actors AS b
    ON (w.affiliation = 'al-qaeda-core' AND b.affiliation = 'al-qaeda-branch')
    OR (w.affiliation = 'isis' AND b.affiliation = 'isis' AND starts_with(b.name, w.name || '-'));

-- Branches whose organisation has a sheet with the judgments on both: their own has reports alone.
CREATE MACRO without_judgments() AS TABLE
  SELECT b.branch FROM actor_branches() AS b JOIN actors AS a ON a.id = b.whole AND a.affiliation = 'isis';

-- Of whom a sheet shows reports besides its actor: its branches and, if it has any, media units.
CREATE MACRO reported_branches(of_actor) AS TABLE
  SELECT branch AS id, branch_name AS name FROM actor_branches() WHERE whole = of_actor
  UNION ALL
  SELECT m.id, m.name || ', ' || affiliation_words(m.affiliation)
  FROM actors AS a
  JOIN actors AS m ON a.affiliation = 'al-qaeda-core' AND m.affiliation = 'media-unit'
  WHERE a.id = of_actor;

-- Judgments under every actor, on whom a report of the same topic that they rest on bears.
CREATE MACRO actor_judgments() AS TABLE
  SELECT DISTINCT n.actor, j.*
  FROM judgments AS j
  JOIN actor_reports() AS r ON r.topic = j.topic AND list_contains(j.rests_on, r.id)
  JOIN actor_names() AS n ON n.reported_as = r.actor;

-- The key judgments of an actor's sheet: the first three that rest on its reports, its main topic first.
CREATE MACRO sheet_key_judgments(of_actor) AS TABLE
  SELECT
    j.*,
    row_number() OVER (ORDER BY j.topic <> t.topic, o.rank, j.rank) AS place
  FROM actor_judgments() AS j
  JOIN actor_topics() AS t USING (actor)
  LEFT JOIN topics AS o ON o.name = j.topic
  WHERE j.actor = of_actor AND j.role = 'key' AND of_actor NOT IN (SELECT branch FROM without_judgments())
  QUALIFY place <= 3;

-- The topics on which an actor's sheet prints a judgment of ours.
CREATE MACRO sheet_topics(of_actor) AS TABLE
  SELECT topic FROM sheet_key_judgments(of_actor)
  UNION
  SELECT topic
  FROM actor_judgments() AS j
  JOIN actor_topics() AS t USING (actor, topic)
  WHERE j.actor = of_actor
    AND j.role IN ('bottom-line', 'assessment')
    AND of_actor NOT IN (SELECT branch FROM without_judgments());

-- When the Taliban took what; nothing of the hero picture is drawn before the first of them is known.
CREATE MACRO arrivals() AS TABLE
  SELECT id, title, date_start AS start, coalesce(date_end, date_start) AS "end"
  FROM events
  WHERE topic IN ('isis', 'context')
    AND date_start IS NOT NULL
    AND list_has_any(actors, (SELECT list(id) FROM actors WHERE affiliation = 'taliban'));

-- The readings of a silence that the hero picture shows.
CREATE MACRO hero_silences(of_topics) AS TABLE
  SELECT r.*, m.title, m.window_start, m.value, m.bound
  FROM readings AS r
  JOIN measures AS m ON m.id = r.measure
  WHERE list_contains(of_topics, r.topic) AND r.role IN ('headline', 'other');

-- What happened across the border, for the hero picture.
CREATE MACRO hero_abroad(of_topics) AS TABLE
  SELECT e.*
  FROM events AS e
  JOIN places AS p ON p.id = e.place
  WHERE list_contains(of_topics, e.topic) AND e.topic = 'isis' AND p.country <> 'AF' AND e.date_start IS NOT NULL;

-- What the hero picture spans, the weeks that matter, up to the cut-off or the last day for which anything was
-- collected, and the whole span of the count, if it is known; and how many lines of text each of its lanes takes: claims,
-- what happened across the border, and messages. Those without a date are listed beside their lane, which is high enough
-- for both. No row while there is nothing to draw.
CREATE MACRO hero_frame(of_topics, up_to) AS TABLE
  WITH known AS (
    SELECT 'arrival' AS part, start AS day FROM arrivals()
    UNION ALL
    SELECT 'silence', window_start FROM hero_silences(of_topics)
    UNION ALL
    SELECT 'abroad', date_start FROM hero_abroad(of_topics)
    UNION ALL
    SELECT 'message', date_start
    FROM events
    WHERE topic = 'celebrations' AND list_contains(of_topics, topic) AND len(actors) > 0
  ),
  days AS (SELECT part, day, count(*) AS number FROM known GROUP BY part, day)
  SELECT
    least(min(day) FILTER (part = 'arrival') - 6, min(day) FILTER (part = 'message') - 2) AS zoom_start,
    least(any_value(up_to), (SELECT max("end") FROM coverage WHERE list_contains(of_topics, topic)))::DATE AS zoom_end,
    min(day) FILTER (part = 'silence') AS whole_start,
    if(bool_or(part = 'silence'), 4, 0) AS claim_lines,
    if(bool_or(part = 'abroad'), 2, 0) AS abroad_lines,
    CASE
      WHEN bool_or(part = 'message')
        THEN greatest(
          coalesce(max(number) FILTER (part = 'message' AND day IS NOT NULL), 0) + 1,
          max(number) FILTER (part = 'message' AND day IS NULL),
          3
        )
    END::INTEGER AS message_lines,
    coalesce(sum(number) FILTER (part = 'message' AND day IS NULL), 0)::INTEGER AS undated,
    sum(number) FILTER (part = 'arrival')::INTEGER AS arrivals,
    claim_lines + abroad_lines + coalesce(message_lines, 0) AS lines
  FROM days
  -- A single message beside the arrivals says no more than a sentence.
  HAVING bool_or(part = 'arrival') AND (bool_or(part = 'silence') OR sum(number) FILTER (part <> 'arrival') > 1);

-- A topic in a line: its newest headline, unless it heads the page already.
CREATE MACRO topic_headline(of_topic) AS TABLE
  WITH headlines AS (SELECT * FROM judgments WHERE role = 'headline'),
  newest AS (SELECT * FROM headlines WHERE topic = of_topic ORDER BY known_on DESC, rank, id LIMIT 1)
  SELECT id, text, rests_on
  FROM newest
  WHERE id NOT IN (SELECT id FROM headlines ORDER BY known_on DESC, topic = 'all' DESC, rank, id LIMIT 1);

-- A span that is our own reading, from the start of a year to its first months or those of a later one, as it is
-- reported: `2019 – early 2020`. NULL for all others.
CREATE MACRO early_span(basis, first, last) AS
  CASE
    WHEN basis = 'inferred' AND dayofyear(first) = 1 AND month(last) <= 3
      THEN strftime(first, '%Y – early ') || strftime(last, '%Y')
  END;
