import type { Day } from '../calendar.ts';
import { eachRow, references, type TableRow } from './references.ts';
import type { Tables } from './schema.ts';

/** All rows of each id, oldest first. */
export function versionsById(tables: Tables): ReadonlyMap<string, readonly TableRow[]> {
  const versions = Map.groupBy(eachRow(tables), ({ row }) => row.id);
  for (const rows of versions.values())
    rows.sort((a, b) => (a.row.known_on < b.row.known_on ? -1 : a.row.known_on > b.row.known_on ? 1 : 0));
  return versions;
}

/** The newest of one id's rows, oldest first, that is known on `day`: it may be a withdrawal. */
export function newestOn(versions: readonly TableRow[] | undefined, day: Day): TableRow | undefined {
  return versions?.findLast(({ row }) => row.known_on <= day);
}

/**
 * What an edition with the cut-off `asOf` may tell: of each id the newest row known by then, unless it is a
 * withdrawal; and of those, only rows whose references are all told too. A source brings the sources that carried it
 * to us, even if we read those later: without them a third-hand report would pass for a first-hand one. Rows stay in
 * file order.
 */
export function knownBy(tables: Tables, asOf: Day): Tables {
  const days = remembered.get(tables) ?? new Map<Day, Tables>();
  remembered.set(tables, days);
  const known = days.get(asOf) ?? tellable(tables, asOf);
  // The newest last; those of a few days are enough for all briefs of one run.
  days.delete(asOf);
  days.set(asOf, known);
  for (const oldest of days.keys()) if (days.size > 16) days.delete(oldest);
  return known;
}

/** What is told as of a day is asked for by every brief, and by each for several days. */
const remembered = new WeakMap<Tables, Map<Day, Tables>>();

function tellable(tables: Tables, asOf: Day): Tables {
  const told = new Map<string, TableRow>();
  const byId = versionsById(tables);
  for (const [id, versions] of byId) {
    const newest = newestOn(versions, asOf);
    if (newest?.row.status === 'current') told.set(id, newest);
  }
  // A map also visits the entries that are added during the loop.
  for (const { table, row } of told.values()) {
    if (table !== 'sources' || row.via === null || told.has(row.via)) continue;
    const [carrier] = byId.get(row.via) ?? [];
    if (carrier !== undefined && carrier.row.known_on > asOf) told.set(row.via, carrier);
  }
  return withoutUnfounded(tables, told);
}

/** The tables with those of the rows whose references are all among them, in file order. */
export function withoutUnfounded(tables: Tables, given: ReadonlyMap<string, TableRow>): Tables {
  const told = new Map(given);
  for (let before = -1; before !== told.size;) {
    before = told.size;
    for (const [id, { table, row }] of told)
      if (references(table, row).some((reference) => !told.has(reference.id))) told.delete(id);
  }
  const rows = new Set<object>([...told.values()].map(({ row }) => row));
  const keep = <R extends object>(all: readonly R[]) => all.filter((row) => rows.has(row));
  return {
    sources: keep(tables.sources),
    actors: keep(tables.actors),
    places: keep(tables.places),
    coverage: keep(tables.coverage),
    events: keep(tables.events),
    measures: keep(tables.measures),
    readings: keep(tables.readings),
    judgments: keep(tables.judgments),
    gaps: keep(tables.gaps),
    indicators: keep(tables.indicators),
  };
}

/** How a row differs between two cut-offs, as a reader of both editions sees it. */
export type Change = TableRow & {
  readonly change: 'new' | 'revised' | 'withdrawn';
  readonly id: string;
  /** The day it became so: for a row that came or went with what it rests on, the day that did. */
  readonly knownOn: Day;
};

/** What readers are told of as changes: facts, and the judgments of others, but not our own wording. */
function isReported({ table, row }: TableRow): boolean {
  return table === 'events' || table === 'measures' || (table === 'judgments' && row.author !== null);
}

/**
 * What changed between two cut-offs, by day and id. `new`: told now and not before. `revised`: told both times, and
 * now by a later row of its own; a row that merely rests on a revised one is not. `withdrawn`: told before and not
 * now, be it by its own withdrawal or that of a row it rests on; its row is the one told before.
 */
export function changesBetween(
  tables: Tables,
  {
    previousAsOf,
    asOf,
    include = isReported,
  }: { previousAsOf: Day; asOf: Day; include?: (entry: TableRow) => boolean },
): Change[] {
  const rowsTold = (day: Day) => new Map(eachRow(knownBy(tables, day)).map((entry) => [entry.row.id, entry]));
  const before = rowsTold(previousAsOf);
  const after = rowsTold(asOf);
  const days = [...new Set(eachRow(tables).map(({ row }) => row.known_on))].sort();
  const between = days.filter((day) => day > previousAsOf && day <= asOf);
  const toldOn = new Map<Day, ReadonlyMap<string, TableRow>>();
  /** The last day on which it turned into what it is at `asOf`, told or not. */
  const turnedOn = (id: string): Day => {
    const turned = between.findLast((day, index) => {
      for (const each of [day, between[index - 1] ?? previousAsOf])
        if (!toldOn.has(each)) toldOn.set(each, rowsTold(each));
      return toldOn.get(day)?.has(id) !== toldOn.get(between[index - 1] ?? previousAsOf)?.has(id);
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

/** Fields by which a row is told of through another: one that counts it, holds it or bears it out. */
const through = new Set(['part_of', 'within', 'rests_on', 'measure']);

/** Of changes between two cut-offs those that concern the row `id`: whose row names it, or goes back to one that does. */
export function changesConcerning(
  changes: readonly Change[],
  { id, tables, previousAsOf, asOf }: { id: string; tables: Tables; previousAsOf: Day; asOf: Day },
): Change[] {
  const told = [previousAsOf, asOf].flatMap((day) => eachRow(knownBy(tables, day)));
  const byId = Map.groupBy(told, ({ row }) => row.id);
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
