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
  SELECT id, date_start, source, claim_status, speech_act, actors, unnest(actors) AS actor
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

-- The column of each day in the matrix; what has no day comes last.
CREATE MACRO matrix_days() AS TABLE
  SELECT date_start, CAST(row_number() OVER (ORDER BY date_start NULLS LAST) - 1 AS INTEGER) AS place
  FROM (SELECT DISTINCT date_start FROM signatures());

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
  WHERE j.actor = of_actor AND j.role = 'key'
  QUALIFY place <= 3;

-- The topics on which an actor's sheet prints a judgment of ours.
CREATE MACRO sheet_topics(of_actor) AS TABLE
  SELECT topic FROM sheet_key_judgments(of_actor)
  UNION
  SELECT topic
  FROM actor_judgments() AS j
  JOIN actor_topics() AS t USING (actor, topic)
  WHERE j.actor = of_actor AND j.role IN ('bottom-line', 'assessment');
