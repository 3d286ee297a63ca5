import { z } from 'zod';
import type { SourceFile } from '../project/brief.ts';
import { readIds, selectionOf } from './evidence-set.ts';
import type { Queries, QueryParameters } from './query.ts';

const counts = z.tuple([z.object({ revised: z.number(), withdrawn: z.number() })]);

/**
 * The incidents of an evidence set whose rows changed between two views: `revised` have a row of an import after `since`,
 * and `withdrawn` are no longer there for this brief. An incident that only `before` or only `after` selects counts
 * too. Without a `source`, the set is the incident `id`. Throws `query-failed`.
 */
export async function countCorrected(
  { id, source, parameters }: { id: string; source: SourceFile | undefined; parameters: QueryParameters },
  { before, after, since }: { before: () => Promise<Queries>; after: Queries; since: number },
): Promise<{ readonly revised: number; readonly withdrawn: number }> {
  const ids = source === undefined ? [id] : await readIds(await before(), { source, parameters });
  const selected = source === undefined ? '' : `UNION SELECT id FROM ${selectionOf(source)}`;
  const sql = `SELECT
      (count(*) FILTER (known."import" > ${since}))::INTEGER AS revised,
      (count(*) FILTER (known.id IS NULL))::INTEGER AS withdrawn
    FROM (SELECT unnest(from_json($ids_before::VARCHAR, '["VARCHAR"]')) AS id ${selected}) AS chosen
    LEFT JOIN incidents AS known USING (id)`;
  const own = { ...parameters.own, ids_before: { type: 'string' as const, value: JSON.stringify(ids) } };
  const [found] = counts.parse(
    await after.query({
      sql,
      file: source?.file ?? 'the incidents that are cited',
      parameters: { ...parameters, own },
    }),
  );
  return found;
}
