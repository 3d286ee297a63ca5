import { type Marking, mayReceive } from './fields.ts';
import type { Dataset, Tables } from './schema.ts';

const remembered = new WeakMap<Tables, Map<Marking, Tables>>();

/**
 * The tables that a brief with a marking may use. An imported row with a higher marking counts as withdrawn, as an
 * incident with one is left out: nobody in the project wrote it, and it comes back with every import. A row of the
 * dataset's own tables stays, and a page that shows it is refused.
 */
export function tablesWithin(
  { tables, imported }: Pick<Dataset, 'tables' | 'imported'>,
  marking: Marking,
): Tables {
  const isMarked = (row: object): boolean => Reflect.get(row, 'marking') !== null;
  if (![...(imported ?? [])].some(isMarked)) return tables;
  const byMarking = remembered.get(tables) ?? new Map<Marking, Tables>();
  remembered.set(tables, byMarking);
  const found = byMarking.get(marking);
  if (found !== undefined) return found;
  const hide = <R extends { readonly marking: Marking | null; readonly status: 'current' | 'withdrawn' }>(
    rows: readonly R[],
  ): readonly R[] =>
    rows.map((row) =>
      imported?.has(row) === true && row.marking !== null && !mayReceive(marking, row.marking)
        ? { ...row, status: 'withdrawn', marking: null }
        : row,
    );
  const { sources, actors, places, judgments } = tables;
  const within: Tables = {
    ...tables,
    sources: hide(sources),
    actors: hide(actors),
    places: hide(places),
    judgments: hide(judgments),
  };
  byMarking.set(marking, within);
  return within;
}
