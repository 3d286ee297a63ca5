import { z } from 'zod';
import {
  columnsOf,
  type Condition,
  given,
  type Session,
  toRecipients,
  visible,
  visibleOf,
  where,
} from './database.ts';
import { auditRecord, tokenRecord } from '../principal.ts';
import {
  deliveryRecord,
  deliveryStates,
  type EditionRecord,
  editionRecord,
  editionStates,
  type NewEdition,
  runRecord,
} from '../records.ts';
import type { Ledger } from '../types.ts';
import { type StepRecord, stepRecord } from '../views.ts';

const ofBrief = (brief: string | undefined): Condition | undefined =>
  given('edition IN (SELECT id FROM sitrep.edition WHERE brief = $?)', brief);
const counted = z.object({ state: z.string(), count: z.coerce.number() });

/** The edition with the same brief, day, paper, parameters and revision, whatever its id. */
export async function sameEdition(
  session: Session,
  { brief, asOf, paper, parameters, correction }: NewEdition,
): Promise<EditionRecord | undefined> {
  const [found] = await session.editions(
    `WHERE brief = $1 AND as_of = $2 AND paper = $3 AND parameters = $4 AND revision = $5`,
    [brief, asOf, paper, JSON.stringify(parameters), correction?.revision ?? 1],
  );
  return found;
}

/** Records of a table, as far as the conditions apply. */
function list<Row extends z.ZodObject>(
  database: Session,
  { record, table, order, limit }: { record: Row; table: string; order: string; limit: number | undefined },
  ...conditions: readonly (Condition | undefined)[]
): Promise<z.output<Row>[]> {
  const { sql, values } = where(conditions);
  const select = `SELECT ${columnsOf(record)} FROM sitrep.${table} ${sql}`;
  return database.rows(record, `${select} ORDER BY ${order} LIMIT ${limit ?? 'ALL'}`, values);
}

/** Read queries on the ledger. */
export function queryCalls(database: Session) {
  const count = (table: string, ...conditions: readonly (Condition | undefined)[]) => {
    const { sql, values } = where(conditions);
    const select = `SELECT state, count(*) FROM sitrep.${table} ${sql} GROUP BY state`;
    return database.rows(counted, select, values);
  };
  const editions: Ledger['editions'] = ({ from, to, lateSince, after, visibility, limit, ...of }) =>
    list(
      database,
      { record: editionRecord, table: 'edition', order: 'as_of DESC, revision DESC, id', limit },
      given('brief = $?', of.brief),
      given('state = $?', of.state),
      given('id = $?', of.edition),
      given('as_of >= $?', from),
      given('as_of <= $?', to),
      given(
        `origin = 'schedule' AND slot < $? AND state IN ('queued', 'rendering') AND NOT EXISTS (
           SELECT 1 FROM sitrep.delivery WHERE edition = sitrep.edition.id AND content = 'late')`,
        lateSince,
      ),
      after && {
        sql: 'as_of < $? OR (as_of = $? AND (revision < $? OR (revision = $? AND id > $?)))',
        values: [after.asOf, after.asOf, after.revision, after.revision, after.id],
      },
      visibility && visible(visibility),
    );

  return {
    editions,
    edition: async (id, visibility) => (await editions({ edition: id, visibility }))[0],
    sameEdition: (of) => sameEdition(database, of),
    revisions: (id) =>
      database.editions(
        `WHERE (brief, as_of, paper, parameters) =
             (SELECT brief, as_of, paper, parameters FROM sitrep.edition WHERE id = $1) ORDER BY revision`,
        [id],
      ),
    deliveredEditions: (briefs) =>
      database.editions(
        `one WHERE brief = ANY($1::text[]) AND card->>'pdf' IS NOT NULL
             AND EXISTS (SELECT 1 FROM sitrep.delivery WHERE edition = one.id AND content = 'edition'
               AND (state IN ('sent', 'sending') OR may_have_arrived))
             AND NOT EXISTS (SELECT 1 FROM sitrep.edition later
               WHERE (later.brief, later.as_of, later.paper, later.parameters) =
                   (one.brief, one.as_of, one.paper, one.parameters)
                 AND later.revision > one.revision AND later.state <> 'cancelled')
           ORDER BY as_of DESC, revision DESC, id`,
        [[...briefs]],
      ),
    async progress({ brief, from, to }) {
      const conditions = [given('brief = $?', brief), given('as_of >= $?', from), given('as_of <= $?', to)];
      const { sql, values } = where(conditions);
      const onTheirWay = await database.one(
        counted.pick({ count: true }),
        // Alerts have their own send times, and retries come later.
        `SELECT count(*) FROM sitrep.delivery WHERE ${toRecipients}
           AND (state = 'sending' OR (state = 'pending' AND attempt = 0))
           AND edition IN (SELECT id FROM sitrep.edition ${sql})`,
        values,
      );
      return {
        editions: inStates(editionStates, await count('edition', ...conditions)),
        deliveriesOnTheirWay: onTheirWay.count,
      };
    },
    runs: ({ brief, state, edition, visibility, limit }) =>
      list(
        database,
        { record: runRecord, table: 'run', order: 'started_at DESC, edition, number DESC', limit },
        ofBrief(brief),
        given('outcome = $?', state),
        given('edition = $?', edition),
        visibility && visibleOf(visibility),
      ),
    deliveries: ({ id, idPrefix, brief, state, edition, after, visibility, limit }) =>
      list(
        database,
        { record: deliveryRecord, table: 'delivery', order: 'created_at DESC, edition, id', limit },
        given('id = $?', id),
        given('starts_with(id, $?)', idPrefix),
        ofBrief(brief),
        given('state = $?', state),
        given('edition = $?', edition),
        after && {
          sql: 'created_at < $? OR (created_at = $? AND (edition > $? OR (edition = $? AND id > $?)))',
          values: [after.createdAt, after.createdAt, after.edition, after.edition, after.id],
        },
        visibility && visibleOf(visibility),
      ),
    async deliveryCounts(ids) {
      const rows = await database.rows(
        counted.extend({ edition: z.string() }),
        // A recipient counts once, and not as failed if a later copy arrived.
        `SELECT edition, state, count(DISTINCT (channel, address)) FROM sitrep.delivery each
           WHERE edition = ANY($1::text[]) AND ${toRecipients}
             AND NOT (state IN ('bounced', 'failed') AND EXISTS (
               SELECT 1 FROM sitrep.delivery other WHERE other.edition = each.edition AND other.state = 'sent'
                 AND other.channel = each.channel AND other.address = each.address AND ${toRecipients}))
           GROUP BY edition, state`,
        [[...ids]],
      );
      const tallyOf = (id: string) =>
        inStates(
          deliveryStates,
          rows.filter(({ edition }) => edition === id),
        );
      return new Map(ids.map((id) => [id, tallyOf(id)]));
    },
    cursors: () =>
      database.rows(
        z.object({ brief: z.string(), slot: z.date() }),
        'SELECT brief, slot FROM sitrep.cursor ORDER BY brief',
      ),

    async counts({ brief, visibility } = {}) {
      const { sql, values } = where([given('brief = $?', brief), visibility && visible(visibility)]);
      const editionCounts = await database.rows(
        counted.extend({ requests: z.coerce.number(), oldest: z.date().nullable() }),
        `SELECT state, count(*), count(*) FILTER (WHERE origin = 'request') AS requests,
           min(coalesce(slot, requested_at)) FILTER (WHERE origin = 'schedule'
             AND state IN ('queued', 'rendering', 'delivering')) AS oldest
         FROM sitrep.edition ${sql} GROUP BY state ORDER BY oldest`,
        values,
      );
      const seen = visibility && visibleOf(visibility);
      const deliveries = await count('delivery', given(toRecipients), ofBrief(brief), seen);
      return {
        editions: inStates(editionStates, editionCounts),
        deliveries: inStates(deliveryStates, deliveries),
        queuedRequests: editionCounts.find(({ state }) => state === 'queued')?.requests ?? 0,
        oldestOpen: editionCounts[0]?.oldest ?? null,
      };
    },
  } satisfies Partial<Ledger>;
}

/** Counts in the order of the states, without the states that do not occur. */
const inStates = <S extends string>(
  states: readonly S[],
  counts: readonly z.output<typeof counted>[],
): { [state in S]?: number } => {
  const result: { [state in S]?: number } = {};
  for (const state of states) {
    const found = counts.find((each) => each.state === state);
    if (found) result[state] = found.count;
  }
  return result;
};

/** Records other than editions: steps of runs, tokens and the audit of changes. */
export function recordCalls(database: Session) {
  return {
    addSteps: (steps) => insertSteps(database, steps),

    steps: (edition) =>
      database.rows(
        stepRecord,
        'SELECT edition, run, number, step, at FROM sitrep.step WHERE edition = $1 ORDER BY run, number',
        [edition],
      ),

    tokens: () =>
      database.rows(tokenRecord, `SELECT ${columnsOf(tokenRecord)} FROM sitrep.token ORDER BY name`),
    async addToken({ name, sha256, may, clearance, createdAt }) {
      const added = await database.query(
        'INSERT INTO sitrep.token VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING name',
        [name, sha256, may, clearance, createdAt],
      );
      return added.length > 0;
    },
    removeToken: async (name) =>
      (await database.query('DELETE FROM sitrep.token WHERE name = $1 RETURNING name', [name])).length > 0,
    async secret(name, offered) {
      const values = [name, offered];
      await database.query('INSERT INTO sitrep.secret VALUES ($1, $2) ON CONFLICT DO NOTHING', values);
      const select = 'SELECT value FROM sitrep.secret WHERE name = $1';
      return (await database.one(z.object({ value: z.string() }), select, [name])).value;
    },

    async recordChange({ at, who, what, edition, details }) {
      const { id } = await database.one(
        auditRecord.pick({ id: true }),
        `INSERT INTO sitrep.audit (at, who, what, edition, details, outcome)
         VALUES ($1, $2, $3, $4, $5, 'begun') RETURNING id`,
        [at, who, what, edition, JSON.stringify(details)],
      );
      return id;
    },
    async closeChange(id, outcome) {
      await database.query('UPDATE sitrep.audit SET outcome = $2 WHERE id = $1', [id, outcome]);
    },
    audit: ({ edition, who, limit, visibility, after }) =>
      list(
        database,
        { record: auditRecord, table: 'audit', order: 'id DESC', limit },
        given('edition = $?', edition),
        given('who = $?', who),
        given('id < $?', after),
        visibility && visibleOf(visibility),
      ),
  } satisfies Partial<Ledger>;
}

export async function insertSteps(session: Session, steps: readonly StepRecord[]): Promise<void> {
  if (steps.length === 0) return;
  // The edition may have been removed meanwhile, and its steps are no longer needed.
  await session.query(
    `INSERT INTO sitrep.step (edition, run, number, step, at)
     SELECT given.* FROM jsonb_to_recordset($1) AS given (edition text, run integer, number integer, step text, at timestamptz)
     JOIN sitrep.edition ON id = given.edition ON CONFLICT DO NOTHING`,
    [JSON.stringify(steps)],
  );
}
