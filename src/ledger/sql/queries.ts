import { z } from 'zod';
import {
  type Condition,
  type Database,
  deliveryColumns,
  editionColumns,
  given,
  runColumns,
  type Session,
  toDeliveries,
  toEditions,
  toRuns,
  visible,
  visibleOf,
  where,
} from './database.ts';
import { deliveryStates, type EditionRecord, editionStates, type NewEdition } from '../records.ts';
import type { Ledger } from '../types.ts';

const ofBrief = (brief: string | undefined): Condition | undefined =>
  given('edition IN (SELECT id FROM sitrep.edition WHERE brief = $?)', brief);
const toRecipients = `content IN ('edition', 'notice')`;
/** Default number of entries. */
const MOST = 1000;

const counted = z.array(z.object({ state: z.string(), count: z.coerce.number() }));
const tallied = z.array(
  z.object({ edition: z.string(), state: z.enum(deliveryStates), count: z.coerce.number() }),
);

/** The edition with the same brief, day, paper, parameters and revision, whatever its id. */
export async function sameEdition(
  session: Pick<Session, 'query'>,
  { brief, asOf, paper, parameters, correction }: NewEdition,
): Promise<EditionRecord | undefined> {
  const [found] = toEditions(
    await session.query(
      `SELECT ${editionColumns} FROM sitrep.edition
       WHERE brief = $1 AND as_of = $2 AND paper = $3 AND parameters = $4 AND revision = $5`,
      [brief, asOf, paper, JSON.stringify(parameters), correction?.revision ?? 1],
    ),
  );
  return found;
}

/** Read queries on the ledger. */
export function queryCalls(
  database: Database,
): Pick<
  Ledger,
  | 'edition'
  | 'revisions'
  | 'sameEdition'
  | 'editions'
  | 'deliveredEditions'
  | 'progress'
  | 'runs'
  | 'deliveries'
  | 'deliveryCounts'
  | 'counts'
  | 'cursors'
> {
  const list = (
    { table, columns, order }: { table: string; columns: string; order: string },
    {
      limit = MOST,
      conditions,
    }: { limit?: number | undefined; conditions: readonly (Condition | undefined)[] },
  ) => {
    const { sql, values } = where(conditions);
    return database.query(
      `SELECT ${columns} FROM sitrep.${table} ${sql} ORDER BY ${order} LIMIT ${limit}`,
      values,
    );
  };
  const count = async (table: string, conditions: readonly (Condition | undefined)[]) => {
    const { sql, values } = where(conditions);
    return counted.parse(
      await database.query(`SELECT state, count(*) FROM sitrep.${table} ${sql} GROUP BY state`, values),
    );
  };
  const editions: Ledger['editions'] = async ({
    brief,
    state,
    edition,
    from,
    to,
    lateSince,
    after,
    visibility,
    limit,
  }) =>
    toEditions(
      await list(
        { table: 'edition', columns: editionColumns, order: 'as_of DESC, revision DESC, id' },
        {
          limit,
          conditions: [
            given('brief = $?', brief),
            given('state = $?', state),
            given('id = $?', edition),
            given('as_of >= $?', from),
            given('as_of <= $?', to),
            given(
              `origin = 'schedule' AND slot < $? AND NOT EXISTS (
                 SELECT 1 FROM sitrep.delivery WHERE edition = sitrep.edition.id AND content = 'late')`,
              lateSince,
            ),
            given(
              'as_of < $? OR (as_of = $? AND (revision < $? OR (revision = $? AND id > $?)))',
              after?.asOf,
              after?.asOf,
              after?.revision,
              after?.revision,
              after?.id,
            ),
            visibility && visible(visibility),
          ],
        },
      ),
    );

  return {
    editions,
    edition: async (id, visibility) => (await editions({ edition: id, visibility }))[0],
    sameEdition: (of) => sameEdition(database, of),
    revisions: async (id) =>
      toEditions(
        await database.query(
          `SELECT ${editionColumns} FROM sitrep.edition WHERE (brief, as_of, paper, parameters) =
             (SELECT brief, as_of, paper, parameters FROM sitrep.edition WHERE id = $1) ORDER BY revision`,
          [id],
        ),
      ),
    deliveredEditions: async (briefs) =>
      toEditions(
        await database.query(
          `SELECT ${editionColumns} FROM sitrep.edition one
           WHERE brief = ANY($1::text[]) AND card->>'pdf' IS NOT NULL
             AND EXISTS (SELECT 1 FROM sitrep.delivery WHERE edition = one.id AND content = 'edition'
               AND (state IN ('sent', 'sending') OR may_have_arrived))
             AND NOT EXISTS (SELECT 1 FROM sitrep.edition later
               WHERE (later.brief, later.as_of, later.paper, later.parameters) =
                   (one.brief, one.as_of, one.paper, one.parameters)
                 AND later.revision > one.revision AND later.state <> 'cancelled')
           ORDER BY as_of DESC, revision DESC, id`,
          [[...briefs]],
        ),
      ),
    async progress({ brief, from, to }) {
      const { sql, values } = where([
        given('brief = $?', brief),
        given('as_of >= $?', from),
        given('as_of <= $?', to),
      ]);
      const [onItsWay] = await database.query(
        // Alerts have their own send times, and retries come later.
        `SELECT count(*) FROM sitrep.delivery WHERE ${toRecipients}
           AND (state = 'sending' OR (state = 'pending' AND attempt = 0))
           AND edition IN (SELECT id FROM sitrep.edition ${sql})`,
        values,
      );
      const editionStatesNow = counted.parse(
        await database.query(`SELECT state, count(*) FROM sitrep.edition ${sql} GROUP BY state`, values),
      );
      return {
        editions: inStates(editionStates, editionStatesNow),
        deliveriesOnTheirWay: z.object({ count: z.coerce.number() }).parse(onItsWay).count,
      };
    },
    runs: async ({ brief, state, edition, visibility, limit }) =>
      toRuns(
        await list(
          { table: 'run', columns: runColumns, order: 'started_at DESC, edition, number DESC' },
          {
            limit,
            conditions: [
              ofBrief(brief),
              given('outcome = $?', state),
              given('edition = $?', edition),
              visibility && visibleOf(visibility),
            ],
          },
        ),
      ),
    deliveries: async ({ id, idPrefix, brief, state, edition, after, visibility, limit }) =>
      toDeliveries(
        await list(
          { table: 'delivery', columns: deliveryColumns, order: 'created_at DESC, edition, id' },
          {
            limit,
            conditions: [
              given('id = $?', id),
              given('starts_with(id, $?)', idPrefix),
              ofBrief(brief),
              given('state = $?', state),
              given('edition = $?', edition),
              given(
                'created_at < $? OR (created_at = $? AND (edition > $? OR (edition = $? AND id > $?)))',
                after?.createdAt,
                after?.createdAt,
                after?.edition,
                after?.edition,
                after?.id,
              ),
              visibility && visibleOf(visibility),
            ],
          },
        ),
      ),
    async deliveryCounts(ids) {
      const rows = tallied.parse(
        await database.query(
          // A recipient counts once, and not as failed if a later copy arrived.
          `SELECT edition, state, count(DISTINCT (channel, address)) FROM sitrep.delivery each
           WHERE edition = ANY($1::text[]) AND ${toRecipients}
             AND NOT (state IN ('bounced', 'failed') AND EXISTS (
               SELECT 1 FROM sitrep.delivery other WHERE other.edition = each.edition AND other.state = 'sent'
                 AND other.channel = each.channel AND other.address = each.address AND ${toRecipients}))
           GROUP BY edition, state`,
          [[...ids]],
        ),
      );
      return new Map(
        ids.map((id) => {
          const own = rows.filter(({ edition }) => edition === id);
          const inOrder = deliveryStates.flatMap((state) =>
            own.filter((row) => row.state === state).map((row) => [state, row.count] as const),
          );
          return [id, Object.fromEntries(inOrder)];
        }),
      );
    },
    cursors: async () =>
      z
        .array(z.object({ brief: z.string(), slot: z.date() }))
        .parse(await database.query('SELECT brief, slot FROM sitrep.cursor ORDER BY brief')),

    async counts({ brief, visibility } = {}) {
      const conditions = [given('brief = $?', brief), visibility && visible(visibility)];
      const { sql, values } = where([
        { sql: `state IN ('queued', 'rendering', 'delivering') AND origin = 'schedule'`, values: [] },
        ...conditions,
      ]);
      const [oldest] = await database.query(
        `SELECT min(coalesce(slot, requested_at)) AS at FROM sitrep.edition ${sql}`,
        values,
      );
      const requests = await count('edition', [
        { sql: `state = 'queued' AND origin = 'request'`, values: [] },
        ...conditions,
      ]);
      const ofEditions = await count('edition', conditions);
      const ofDeliveries = await count('delivery', [
        { sql: toRecipients, values: [] },
        ofBrief(brief),
        visibility && visibleOf(visibility),
      ]);
      return {
        editions: inStates(editionStates, ofEditions),
        deliveries: inStates(deliveryStates, ofDeliveries),
        queuedRequests: requests[0]?.count ?? 0,
        oldestOpen: z.object({ at: z.date().nullable() }).parse(oldest).at,
      };
    },
  };
}

/** Counts in the order of the states, without the states that do not occur. */
const inStates = <S extends string>(
  states: readonly S[],
  counts: z.output<typeof counted>,
): { [state in S]?: number } => {
  const result: { [state in S]?: number } = {};
  for (const state of states) {
    const found = counts.find((each) => each.state === state);
    if (found) result[state] = found.count;
  }
  return result;
};
