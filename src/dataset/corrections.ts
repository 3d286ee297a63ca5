import { z } from 'zod';
import { type Day, day } from '../calendar.ts';
import { type Change, knownBy, newestOn, versionsById, withoutUnfounded } from './point-in-time.ts';
import { eachRow, references, type TableRow } from './references.ts';
import type { TableName, Tables } from './schema.ts';

/** What makes an edition a corrected revision of one that was delivered. */
export const correction = z.strictObject({
  /** The edition as it is first issued is revision 1. */
  revision: z.number().int().min(2),
  /** What was revised or withdrawn by this day is taken in. */
  asOf: day,
  /** What it takes the place of; its `asOf` is null where that is as first issued. */
  replaces: z.strictObject({ edition: z.string(), revision: z.number().int().min(1), asOf: day.nullable() }),
  /** The ids of those rows of the replaced revision that became other than it shows them. */
  rows: z.array(z.string()).min(1),
});
export type Correction = z.output<typeof correction>;

/** Who, where and from whom: a row that is corrected may name one that was entered with the correction. */
const registers: ReadonlySet<TableName> = new Set(['sources', 'actors', 'places']);

/** What an edition tells: what was known by its cut-off, corrected where it is a revision. */
export const knownFor = (
  tables: Tables,
  { asOf, correctedAsOf }: { asOf: Day; correctedAsOf: Day | null },
): Tables => (correctedAsOf === null ? knownBy(tables, asOf) : correctedBy(tables, { asOf, correctedAsOf }));

/**
 * The rows told as of `asOf`, each as it is known on `correctedAsOf`, and gone where it was withdrawn by then. Rows
 * first known after the cut-off stay out: they belong to later issues, and so does a revision that rests on one.
 */
function correctedBy(tables: Tables, { asOf, correctedAsOf }: { asOf: Day; correctedAsOf: Day }): Tables {
  const before = new Map(eachRow(knownBy(tables, asOf)).map((entry) => [entry.row.id, entry]));
  const versions = versionsById(tables);
  const added = new Map<string, TableRow>();
  /** Rows of registers that a version names and that came with it; undefined where it names any other later row. */
  const broughtBy = ({ table, row }: TableRow): TableRow[] | undefined => {
    const later = references(table, row).filter(({ id }) => !before.has(id));
    const found = later.map(({ id }) => newestOn(versions.get(id), correctedAsOf));
    const brought = found.filter((entry) => entry?.row.status === 'current' && registers.has(entry.table));
    return brought.length === later.length ? brought.filter((entry) => entry !== undefined) : undefined;
  };
  const told = new Map<string, TableRow>();
  for (const [id, old] of before) {
    const newer = (versions.get(id) ?? []).filter(
      ({ row }) => row.known_on > old.row.known_on && row.known_on <= correctedAsOf,
    );
    const newest = newer.findLast(
      (entry) => entry.row.status === 'withdrawn' || broughtBy(entry) !== undefined,
    );
    if (newest?.row.status === 'withdrawn') continue;
    const taken = newest === undefined || isSameUntil(asOf, old, newest) ? old : newest;
    told.set(id, taken);
    for (const entry of broughtBy(taken) ?? []) added.set(entry.row.id, entry);
  }
  return withoutUnfounded(tables, new Map([...told, ...added]));
}

/** Coverage grows day by day: what it says of the days up to the cut-off may be the same all the while. */
function isSameUntil(asOf: Day, old: TableRow, newer: TableRow): boolean {
  if (old.table !== 'coverage' || newer.table !== 'coverage') return false;
  return old.row.start === newer.row.start && old.row.end >= asOf && newer.row.end >= asOf;
}

/** A row that is revised, with what it was before, or one that is withdrawn. */
export type Corrected = Change & { readonly before: TableRow };

/**
 * What of the rows that an edition showed became other than they were, from one correction of it, or its cut-off, to
 * another, by day and id.
 */
export function correctionsOf(
  tables: Tables,
  { asOf, since, by, shown }: { asOf: Day; since: Day | null; by: Day; shown: readonly string[] },
): Corrected[] {
  const toldOn = (correctedAsOf: Day | null) =>
    new Map(eachRow(knownFor(tables, { asOf, correctedAsOf })).map((entry) => [entry.row.id, entry]));
  const [before, after] = [toldOn(since), toldOn(by)];
  const days = [...new Set(eachRow(tables).map(({ row }) => row.known_on))]
    .filter((each) => each > (since ?? asOf) && each <= by)
    .sort();
  /** Where it is gone with a row that it rests on, the day on which that went. */
  const goneOn = (id: string): Day => {
    const last = days.findLastIndex((each) => toldOn(each).has(id));
    return days[last + 1] ?? by;
  };
  return shown
    .flatMap((id): Corrected[] => {
      const [old, now] = [before.get(id), after.get(id)];
      if (old === undefined || old.row === now?.row) return [];
      return now === undefined
        ? [{ ...old, change: 'withdrawn', id, knownOn: goneOn(id), before: old }]
        : [{ ...now, change: 'revised', id, knownOn: now.row.known_on, before: old }];
    })
    .sort((a, b) => (`${a.knownOn} ${a.id}` < `${b.knownOn} ${b.id}` ? -1 : 1));
}

/** Of the rows that an edition showed those of which a later revision is left to later issues. */
export function passedOver(
  tables: Tables,
  { asOf, by, shown }: { asOf: Day; by: Day; shown: readonly string[] },
): string[] {
  const told = eachRow(knownFor(tables, { asOf, correctedAsOf: by }));
  const taken = new Map(told.map((entry) => [entry.row.id, entry.row]));
  const versions = versionsById(tables);
  return shown.filter((id) => {
    const newest = newestOn(versions.get(id), by);
    const row = taken.get(id);
    return newest !== undefined && newest.table !== 'coverage' && row !== undefined && row !== newest.row;
  });
}

/** What was new or revised in the period of an edition that is corrected, as its rows are now. */
export function asCorrected(changes: readonly Change[], known: Tables): Change[] {
  const told = new Map(eachRow(known).map((entry) => [entry.row.id, entry]));
  return changes.flatMap((each) => {
    if (each.change === 'withdrawn') return [each];
    const now = told.get(each.id);
    return now === undefined ? [] : [{ ...each, ...now }];
  });
}
