import type { Database } from './database.ts';
import { AppError } from '../../errors.ts';

/** Migrations of the ledger's tables, each run once, in order. Released ones never change. */
const migrations: readonly string[] = [
  `
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
  `,
  // Records that the HTTP server shows and keeps. A change stays on record when its edition is removed.
  `
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
  `,
  // Approvals.
  `
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
  `,
  // Corrected revisions, stored next to the ones that they replace.
  `
  ALTER TABLE sitrep.edition ADD COLUMN correction jsonb;
  ALTER TABLE sitrep.edition ADD COLUMN revision integer NOT NULL
    GENERATED ALWAYS AS (coalesce((correction ->> 'revision')::integer, 1)) STORED;
  ALTER TABLE sitrep.edition ADD COLUMN replaces text
    GENERATED ALWAYS AS (correction #>> '{replaces,edition}') STORED REFERENCES sitrep.edition;
  ALTER TABLE sitrep.edition DROP CONSTRAINT edition_brief_as_of_paper_parameters_key;
  ALTER TABLE sitrep.edition ADD UNIQUE (brief, as_of, paper, parameters, revision);
  `,
  // A person who approves over HTTP is not a system user.
  `
  ALTER TABLE sitrep.approval ADD COLUMN named_by text NOT NULL DEFAULT 'system';
  `,
  // Limits how often a delivery that crashes its process is sent.
  `
  ALTER TABLE sitrep.delivery ADD COLUMN interruptions integer NOT NULL DEFAULT 0;
  `,
  // Records through later attempts that a delivery may have arrived. For unsent deliveries that were tried before this
  // migration, the outcome is unknown.
  `
  ALTER TABLE sitrep.delivery ADD COLUMN may_have_arrived boolean NOT NULL DEFAULT false;
  UPDATE sitrep.delivery SET may_have_arrived = true
    WHERE interruptions > 0
      OR (sending_at IS NOT NULL AND state IN ('pending', 'sending', 'failed', 'held', 'cancelled'))
      OR (attempt > 1 AND state = 'bounced');
  `,
  // Some failures have fewer retries than others.
  `
  ALTER TABLE sitrep.run ADD COLUMN code text;
  `,
  // Mail is retried for days, so its retry times must survive a restart. Problems that concern no edition are recorded
  // so that the operator is alerted to each one once.
  `
  ALTER TABLE sitrep.delivery ADD COLUMN trying_since timestamptz;
  ALTER TABLE sitrep.delivery ADD COLUMN next_try_at timestamptz;
  ALTER TABLE sitrep.delivery ADD COLUMN unanswered integer NOT NULL DEFAULT 0;
  CREATE TABLE sitrep.problem (
    id text PRIMARY KEY,
    since timestamptz NOT NULL,
    alerted_at timestamptz
  );
  `,
  // The sources of a dataset are checked before slots, and the editions of these slots wait for that. A dataset has one
  // refresh at a time.
  `
  CREATE TABLE sitrep.refresh (
    id text PRIMARY KEY,
    dataset text NOT NULL,
    slot timestamptz NOT NULL,
    state text NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    started_at timestamptz,
    ended_at timestamptz,
    next_try_at timestamptz,
    job text
  );
  CREATE UNIQUE INDEX ON sitrep.refresh (dataset) WHERE state <> 'ended';
  ALTER TABLE sitrep.edition ADD COLUMN refresh text REFERENCES sitrep.refresh ON DELETE SET NULL;
  CREATE INDEX ON sitrep.edition (refresh);
  CREATE TABLE sitrep.source (
    dataset text NOT NULL,
    source text NOT NULL,
    last_success timestamptz,
    failing_since timestamptz,
    recovered_at timestamptz,
    failure text,
    PRIMARY KEY (dataset, source)
  );
  `,
];

/** Arbitrary but fixed key of an advisory lock, which keeps two processes from migrating at once. */
const LOCK = 7_241_964;

/** Migrates the tables to the current version. Throws `ledger-unusable` if a later version of the program made them. */
export async function migrate(database: Database): Promise<void> {
  await database.transaction(async (session) => {
    await session.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await session.query('CREATE SCHEMA IF NOT EXISTS sitrep');
    await session.query('CREATE TABLE IF NOT EXISTS sitrep.migration (version integer PRIMARY KEY)');
    const done = (await session.query('SELECT version FROM sitrep.migration')).length;
    if (done > migrations.length)
      throw new AppError('ledger-unusable', {
        problem: 'A later version of Sitrep has changed the tables of this ledger.',
        hint: 'Use that version or a later one: this one does not know what the tables mean.',
      });
    for (const [index, sql] of migrations.slice(done).entries()) {
      for (const statement of sql.split(';').filter((part) => part.trim() !== ''))
        await session.query(statement);
      await session.query('INSERT INTO sitrep.migration VALUES ($1)', [done + index + 1]);
    }
  });
}

/** Whether the tables match this version of the program. */
export async function isMigrated(database: Database): Promise<boolean> {
  const [found] = await database.query(`SELECT to_regclass('sitrep.migration') IS NOT NULL AS found`);
  if (!found || !Reflect.get(Object(found), 'found')) return false;
  return (await database.query('SELECT version FROM sitrep.migration')).length === migrations.length;
}
