import type { Day } from '../calendar.ts';
import { type Marking, mayReceive } from './fields.ts';
import { eachRow, references, rowsById, type TableRow } from './references.ts';
import {
  type Dataset,
  modelTables,
  type OwnTables,
  type RowOf,
  type TableName,
  type Tables,
} from './schema.ts';

/** All rows of each id, oldest first. */
export function versionsById(tables: Tables): ReadonlyMap<string, readonly TableRow[]> {
  const versions = Map.groupBy(eachRow(tables), ({ row }) => row.id);
  for (const rows of versions.values())
    rows.sort((a, b) => (a.row.known_on < b.row.known_on ? -1 : a.row.known_on > b.row.known_on ? 1 : 0));
  return versions;
}

/** The newest version known on `day`, possibly a withdrawal. `versions` has one id's rows, oldest first. */
export function newestOn(versions: readonly TableRow[] | undefined, day: Day): TableRow | undefined {
  return versions?.findLast(({ row }) => row.known_on <= day);
}

/**
 * The rows that an edition with the cut-off `asOf` may use: for each id, the newest row known by then, unless it is a
 * withdrawal or one of its references is missing. A source includes the sources that carried it to us, even if we read
 * those later: without them a third-hand report would look first-hand. Rows stay in file order.
 */
export function knownBy(tables: Tables, asOf: Day): Tables {
  const days = remembered.get(tables) ?? new Map<Day, Tables>();
  remembered.set(tables, days);
  const known = days.get(asOf) ?? findKnown(tables, asOf);
  // The day used last is kept longest; a few days are enough for all briefs of one run.
  days.delete(asOf);
  days.set(asOf, known);
  for (const oldest of days.keys()) if (days.size > 16) days.delete(oldest);
  return known;
}

/** The known rows of recent days, because every brief needs those of several days. */
const remembered = new WeakMap<Tables, Map<Day, Tables>>();

function findKnown(tables: Tables, asOf: Day): Tables {
  const kept = new Map<string, TableRow>();
  const byId = versionsById(tables);
  for (const [id, versions] of byId) {
    const newest = newestOn(versions, asOf);
    if (newest?.row.status === 'current') kept.set(id, newest);
  }
  // Iterating over a Map also visits entries added during the loop.
  for (const { table, row } of kept.values()) {
    if (table !== 'sources' || row.via === null || kept.has(row.via)) continue;
    const [carrier] = byId.get(row.via) ?? [];
    if (carrier !== undefined && carrier.row.known_on > asOf) kept.set(row.via, carrier);
  }
  return withOwn(withoutUnfounded(tables, kept), ownKnownBy(tables, asOf));
}

/** The rows of the dataset's own tables that were known on a day: all rows of a table without `known_on`. */
export const ownKnownBy = ({ own }: Tables, asOf: Day): OwnTables | undefined =>
  own &&
  Object.fromEntries(
    Object.entries(own).map(([table, rows]) => [
      table,
      rows.filter(({ known_on: knownOn }) => typeof knownOn !== 'string' || knownOn <= asOf),
    ]),
  );

export const withOwn = (tables: Tables, own: OwnTables | undefined): Tables =>
  own === undefined ? tables : { ...tables, own };

/** The `tables` with only the `given` rows, in file order and without rows that refer to a missing row. */
export function withoutUnfounded(tables: Tables, given: ReadonlyMap<string, TableRow>): Tables {
  const founded = new Map(given);
  for (let before = -1; before !== founded.size;) {
    before = founded.size;
    for (const [id, { table, row }] of founded)
      if (references(table, row).some((reference) => !founded.has(reference.id))) founded.delete(id);
  }
  const rows = new Set<object>([...founded.values()].map(({ row }) => row));
  const kept = modelTables((table) => tables[table].filter((row) => rows.has(row)));
  return withOwn(kept, tables.own);
}

/** How a row differs between two cut-offs, as seen by a reader of both editions. */
export type Change = TableRow & {
  readonly change: 'new' | 'revised' | 'withdrawn';
  readonly id: string;
  /** The day of the change; if the row rests on another row that came or went, the day of that change. */
  readonly knownOn: Day;
};

/** Whether a row is reported as a change: facts and other authors' judgments are, our own wording is not. */
function isReported({ table, row }: TableRow): boolean {
  return table === 'events' || table === 'measures' || (table === 'judgments' && row.author !== null);
}

/**
 * The changes between two cut-offs, by day and id. `new`: known now but not before. `revised`: known both times, now in
 * a later version of the row itself; a row that only rests on a revised row is not. `withdrawn`: known before but not
 * now, because the row or one that it rests on was withdrawn; the change has the earlier row.
 */
export function changesBetween(
  tables: Tables,
  {
    previousAsOf,
    asOf,
    include = isReported,
  }: { previousAsOf: Day; asOf: Day; include?: (entry: TableRow) => boolean },
): Change[] {
  const rowsKnownOn = (day: Day) => rowsById(knownBy(tables, day));
  const before = rowsKnownOn(previousAsOf);
  const after = rowsKnownOn(asOf);
  const days = [...new Set(eachRow(tables).map(({ row }) => row.known_on))].sort();
  const between = days.filter((day) => day > previousAsOf && day <= asOf);
  const byDay = new Map<Day, ReadonlyMap<string, TableRow>>();
  /** The last day on which the row appeared or disappeared, reaching its state at `asOf`. */
  const turnedOn = (id: string): Day => {
    const turned = between.findLast((day, index) => {
      for (const each of [day, between[index - 1] ?? previousAsOf])
        if (!byDay.has(each)) byDay.set(each, rowsKnownOn(each));
      return byDay.get(day)?.has(id) !== byDay.get(between[index - 1] ?? previousAsOf)?.has(id);
    });
    return turned ?? asOf;
  };

  const changes: Change[] = [];
  for (const [id, entry] of after) {
    const old = before.get(id);
    if (!include(entry) || old?.row === entry.row) continue;
    changes.push(
      old
        ? { ...entry, change: 'revised', id, knownOn: entry.row.known_on }
        : { ...entry, change: 'new', id, knownOn: turnedOn(id) },
    );
  }
  for (const [id, entry] of before)
    if (include(entry) && !after.has(id))
      changes.push({ ...entry, change: 'withdrawn', id, knownOn: turnedOn(id) });
  return changes.sort((a, b) => (`${a.knownOn} ${a.id}` < `${b.knownOn} ${b.id}` ? -1 : 1));
}

/** Fields that connect a row to one that counts, contains or supports it, so that a change of one concerns the other. */
const through = new Set(['part_of', 'within', 'rests_on', 'measure']);

/** The changes that concern the row `id`: their rows name it, directly or through other rows. */
export function changesConcerning(
  changes: readonly Change[],
  { id, tables, previousAsOf, asOf }: { id: string; tables: Tables; previousAsOf: Day; asOf: Day },
): Change[] {
  const rows = [previousAsOf, asOf].flatMap((day) => eachRow(knownBy(tables, day)));
  const byId = Map.groupBy(rows, ({ row }) => row.id);
  const concerns = ({ table, row }: TableRow, seen: ReadonlySet<string>): boolean =>
    row.id === id ||
    references(table, row).some((reference) => {
      if (reference.id === id) return true;
      if (!through.has(reference.field) || seen.has(reference.id)) return false;
      const further = new Set([...seen, reference.id]);
      return (byId.get(reference.id) ?? []).some((entry) => concerns(entry, further));
    });
  return changes.filter((change) => concerns(change, new Set()));
}

const withinMarkings = new WeakMap<Tables, Map<Marking, Tables>>();

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
  const byMarking = withinMarkings.get(tables) ?? new Map<Marking, Tables>();
  withinMarkings.set(tables, byMarking);
  const found = byMarking.get(marking);
  if (found !== undefined) return found;
  const shown = (row: RowOf<TableName>): RowOf<TableName> =>
    imported?.has(row) === true && row.marking !== null && !mayReceive(marking, row.marking)
      ? { ...row, status: 'withdrawn', marking: null }
      : row;
  const within: Tables = { ...tables, ...modelTables((table) => tables[table].map(shown)) };
  byMarking.set(marking, within);
  return within;
}
