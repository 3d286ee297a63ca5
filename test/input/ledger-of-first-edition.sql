-- The tables as the first edition of this program made them, and what was in them when it stopped. This file never changes.
CREATE SCHEMA sitrep;
CREATE TABLE sitrep.migration (version integer PRIMARY KEY);
CREATE TABLE sitrep.cursor (
  brief text PRIMARY KEY,
  slot timestamptz NOT NULL
);
CREATE TABLE sitrep.edition (
  id text PRIMARY KEY,
  brief text NOT NULL,
  as_of text NOT NULL,
  paper text NOT NULL,
  parameters jsonb NOT NULL,
  part_of text REFERENCES sitrep.edition,
  origin text NOT NULL,
  slot timestamptz,
  reach text NOT NULL,
  state text NOT NULL,
  reason text,
  attempt integer NOT NULL DEFAULT 0,
  requested_at timestamptz NOT NULL,
  started_at timestamptz,
  rendered_at timestamptz,
  settled_at timestamptz,
  folder text,
  sha256 text,
  pages integer,
  card jsonb,
  job text,
  UNIQUE (brief, as_of, paper, parameters)
);
CREATE INDEX ON sitrep.edition (state);
CREATE TABLE sitrep.run (
  edition text NOT NULL REFERENCES sitrep.edition ON DELETE CASCADE,
  number integer NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  outcome text NOT NULL,
  reason text,
  PRIMARY KEY (edition, number)
);
CREATE TABLE sitrep.delivery (
  id text PRIMARY KEY,
  edition text NOT NULL REFERENCES sitrep.edition ON DELETE CASCADE,
  channel text NOT NULL,
  address text NOT NULL,
  content text NOT NULL,
  copy integer NOT NULL,
  target jsonb NOT NULL,
  state text NOT NULL,
  reason text,
  attempt integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  sending_at timestamptz,
  settled_at timestamptz,
  job text,
  UNIQUE (edition, channel, address, content, copy)
);
CREATE INDEX ON sitrep.delivery (state);
INSERT INTO sitrep.migration VALUES (1);
CREATE INDEX ON sitrep.edition (as_of DESC, id);
CREATE INDEX ON sitrep.delivery (created_at DESC, edition, id);
CREATE TABLE sitrep.step (
  edition text NOT NULL REFERENCES sitrep.edition ON DELETE CASCADE,
  run integer NOT NULL,
  number integer NOT NULL,
  step text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (edition, run, number)
);
CREATE TABLE sitrep.token (
  name text PRIMARY KEY,
  sha256 text NOT NULL UNIQUE,
  may text NOT NULL,
  clearance text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE TABLE sitrep.secret (
  name text PRIMARY KEY,
  value text NOT NULL
);
CREATE TABLE sitrep.audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  who text NOT NULL,
  what text NOT NULL,
  edition text,
  details jsonb NOT NULL,
  outcome text NOT NULL
);
CREATE INDEX ON sitrep.audit (edition);
INSERT INTO sitrep.migration VALUES (2);
ALTER TABLE sitrep.edition ADD COLUMN needs_approval boolean NOT NULL DEFAULT false;
ALTER TABLE sitrep.edition ADD COLUMN approved_sha256 text;
CREATE TABLE sitrep.approval (
  edition text NOT NULL REFERENCES sitrep.edition ON DELETE CASCADE,
  number integer NOT NULL,
  decision text NOT NULL,
  sha256 text NOT NULL,
  user_name text NOT NULL,
  claimed_name text,
  decided_at timestamptz NOT NULL,
  PRIMARY KEY (edition, number)
);
INSERT INTO sitrep.migration VALUES (3);
ALTER TABLE sitrep.edition ADD COLUMN correction jsonb;
ALTER TABLE sitrep.edition ADD COLUMN revision integer NOT NULL
  GENERATED ALWAYS AS (coalesce((correction ->> 'revision')::integer, 1)) STORED;
ALTER TABLE sitrep.edition ADD COLUMN replaces text
  GENERATED ALWAYS AS (correction #>> '{replaces,edition}') STORED REFERENCES sitrep.edition;
ALTER TABLE sitrep.edition DROP CONSTRAINT edition_brief_as_of_paper_parameters_key;
ALTER TABLE sitrep.edition ADD UNIQUE (brief, as_of, paper, parameters, revision);
INSERT INTO sitrep.migration VALUES (4);
ALTER TABLE sitrep.approval ADD COLUMN named_by text NOT NULL DEFAULT 'system';
INSERT INTO sitrep.migration VALUES (5);
ALTER TABLE sitrep.delivery ADD COLUMN interruptions integer NOT NULL DEFAULT 0;
INSERT INTO sitrep.migration VALUES (6);
ALTER TABLE sitrep.delivery ADD COLUMN may_have_arrived boolean NOT NULL DEFAULT false;
UPDATE sitrep.delivery SET may_have_arrived = true
  WHERE interruptions > 0
    OR (sending_at IS NOT NULL AND state IN ('pending', 'sending', 'failed', 'held', 'cancelled'))
    OR (attempt > 1 AND state = 'bounced');
INSERT INTO sitrep.migration VALUES (7);
ALTER TABLE sitrep.run ADD COLUMN code text;
INSERT INTO sitrep.migration VALUES (8);
INSERT INTO sitrep.cursor VALUES ('weekly', '2021-08-23T05:00:00Z');
INSERT INTO sitrep.edition (id, brief, as_of, paper, parameters, origin, slot, reach, state, reason, attempt, requested_at,
  started_at, rendered_at, settled_at, folder, sha256, pages, card, job)
VALUES
  ('weekly/2021-08-01', 'weekly', '2021-08-01', 'A4', '{}', 'backfill', '2021-08-02T05:00:00Z', 'all', 'done', NULL, 0,
    '2021-08-23T05:00:00Z', '2021-08-23T05:00:01Z', '2021-08-23T05:00:02Z', '2021-08-23T05:00:03Z',
    'output/weekly/2021-08-01', repeat('a', 64), 2,
    '{"title":"Weekly","issue":"2021-W33","marking":"TLP:CLEAR","paragraphs":["It is so."],"pdf":"a.pdf","corrected":[]}', NULL),
  ('weekly/2021-08-08', 'weekly', '2021-08-08', 'A4', '{}', 'backfill', '2021-08-09T05:00:00Z', 'all', 'rendering', NULL, 1,
    '2021-08-23T05:00:00Z', '2021-08-23T05:00:01Z', NULL, NULL, NULL, NULL, NULL, NULL,
    'a7c5c6a2-0f6d-4d5c-9d43-0d8a5f0c1a11'),
  ('weekly/2021-08-15', 'weekly', '2021-08-15', 'A4', '{}', 'schedule', '2021-08-16T05:00:00Z', 'all', 'queued',
    'The browser ended.', 2, '2021-08-23T05:00:00Z', '2021-08-23T05:00:01Z', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  ('weekly/2021-08-22', 'weekly', '2021-08-22', 'A4', '{}', 'schedule', '2021-08-23T05:00:00Z', 'all', 'delivering', NULL,
    0, '2021-08-23T05:00:00Z', '2021-08-23T05:00:01Z', '2021-08-23T05:00:02Z', NULL, 'output/weekly/2021-08-22',
    repeat('a', 64), 2,
    '{"title":"Weekly","issue":"2021-W33","marking":"TLP:CLEAR","paragraphs":["It is so."],"pdf":"a.pdf","corrected":[]}', NULL);
INSERT INTO sitrep.run (edition, number, started_at, ended_at, outcome, reason, code) VALUES
  ('weekly/2021-08-08', 1, '2021-08-23T05:00:01Z', NULL, 'running', NULL, NULL),
  ('weekly/2021-08-15', 1, '2021-08-23T05:00:01Z', '2021-08-23T05:00:02Z', 'retried', 'The browser ended.', 'browser-failed'),
  ('weekly/2021-08-15', 2, '2021-08-23T05:00:03Z', '2021-08-23T05:00:04Z', 'retried', 'The browser ended.', 'browser-failed'),
  ('weekly/2021-08-22', 1, '2021-08-23T05:00:01Z', '2021-08-23T05:00:02Z', 'made', NULL, NULL);
INSERT INTO sitrep.delivery (id, edition, channel, address, content, copy, target, state, reason, attempt, created_at,
  sending_at, settled_at, job, interruptions, may_have_arrived)
VALUES
  ('sent', 'weekly/2021-08-01', 'email', 'ana@example.org', 'edition', 0,
    '{"email":"ana@example.org","clearance":"TLP:CLEAR","afterCrash":"resend","only":{}}', 'sent', '250', 1,
    '2021-08-23T05:00:02Z', '2021-08-23T05:00:02Z', '2021-08-23T05:00:03Z', NULL, 0, false),
  ('tried', 'weekly/2021-08-22', 'email', 'ana@example.org', 'edition', 0,
    '{"email":"ana@example.org","clearance":"TLP:CLEAR","afterCrash":"resend","only":{}}', 'pending',
    'ECONNREFUSED', 3, '2021-08-23T05:00:02Z', '2021-08-23T05:00:09Z', NULL, NULL, 0, false),
  ('being-sent', 'weekly/2021-08-22', 'email', 'ben@example.org', 'edition', 0,
    '{"email":"ben@example.org","clearance":"TLP:CLEAR","afterCrash":"resend","only":{}}', 'sending', NULL, 1,
    '2021-08-23T05:00:02Z', '2021-08-23T05:00:09Z', NULL, 'b7c5c6a2-0f6d-4d5c-9d43-0d8a5f0c1a11', 0, false),
  ('alert', 'weekly/2021-08-15', 'email', 'operator@sitrep.example', 'late', 0,
    '{"email":"operator@sitrep.example","clearance":"TLP:RED","afterCrash":"resend","only":{}}', 'pending',
    'ECONNREFUSED', 2, '2021-08-23T05:00:02Z', '2021-08-23T05:00:09Z', NULL, NULL, 0, false);
