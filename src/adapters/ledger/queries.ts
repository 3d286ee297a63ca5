import { z } from 'zod';
import type { Filter, Ledger } from '../../runtime/ledger.ts';
import type { Database } from './database.ts';
import { deliveryColumns, editionColumns, runColumns, toDeliveries, toEditions, toRuns } from './rows.ts';

/** Reading what stands in the ledger. */
export function queryCalls(
  database: Database,
): Pick<Ledger, 'edition' | 'revisions' | 'editions' | 'runs' | 'deliveries' | 'counts' | 'cursors'> {
  const list = (table: string, columns: string, order: string) => (filter: Filter) => {
    const where = [
      ['brief', table === 'edition' ? 'brief' : `(SELECT brief FROM sitrep.edition e WHERE e.id = edition)`],
      ['state', table === 'run' ? 'outcome' : 'state'],
      ['edition', table === 'edition' ? 'id' : 'edition'],
    ] as const;
    const given = where.flatMap(([key, column]) =>
      filter[key] === undefined ? [] : [[column, filter[key]] as const],
    );
    return database.query(
      `SELECT ${columns} FROM sitrep.${table}
       ${given.length > 0 ? 'WHERE' : ''} ${given.map(([column], index) => `${column} = $${index + 1}`).join(' AND ')}
       ORDER BY ${order} LIMIT ${filter.limit ?? 1000}`,
      given.map(([, value]) => value),
    );
  };
  const listEditions = list('edition', editionColumns, 'as_of DESC, id');
  const listRuns = list('run', runColumns, 'started_at DESC, edition, number DESC');
  const listDeliveries = list('delivery', deliveryColumns, 'created_at DESC, edition, id');

  const countByState = async (table: string) =>
    Object.fromEntries(
      z
        .array(z.object({ state: z.string(), count: z.coerce.number() }))
        .parse(await database.query(`SELECT state, count(*) FROM sitrep.${table} GROUP BY state`))
        .map(({ state, count }) => [state, count]),
    );

  return {
    edition: async (id) => toEditions(await listEditions({ edition: id }))[0],
    revisions: async (id) =>
      toEditions(
        await database.query(
          `SELECT ${editionColumns} FROM sitrep.edition WHERE (brief, as_of, paper, parameters) =
             (SELECT brief, as_of, paper, parameters FROM sitrep.edition WHERE id = $1) ORDER BY revision`,
          [id],
        ),
      ),
    editions: async (filter) => toEditions(await listEditions(filter)),
    runs: async (filter) => toRuns(await listRuns(filter)),
    deliveries: async (filter) => toDeliveries(await listDeliveries(filter)),
    cursors: async () =>
      z
        .array(z.object({ brief: z.string(), slot: z.date() }))
        .parse(await database.query('SELECT brief, slot FROM sitrep.cursor ORDER BY brief')),

    async counts() {
      const [oldest] = await database.query(
        `SELECT min(coalesce(slot, requested_at)) AS at FROM sitrep.edition
         WHERE state IN ('queued', 'rendering', 'delivering') AND origin = 'schedule'`,
      );
      return {
        editions: await countByState('edition'),
        deliveries: await countByState('delivery'),
        oldestOpen: z.object({ at: z.date().nullable() }).parse(oldest).at,
      };
    },
  };
}
