import { z } from 'zod';
import { type Day, day } from '../calendar.ts';
import {
  type Change,
  knownBy,
  newestOn,
  ownKnownBy,
  versionsById,
  withoutUnfounded,
  withOwn,
} from './point-in-time.ts';
import { eachRow, references, rowsById, type TableRow } from './references.ts';
import type { TableName, Tables } from './schema.ts';

/** Marks an edition as a corrected revision of a delivered edition. */
export const correction = z.strictObject({
  /** Revision 1 is the edition as first issued. */
  revision: z.number().int().min(2),
  /** The revision includes rows revised or withdrawn by this day. */
  asOf: day,
  /** The edition that this revision replaces; `asOf` is null if that is the first issue. */
  replaces: z.strictObject({ edition: z.string(), revision: z.number().int().min(1), asOf: day.nullable() }),
  /** The ids of the rows that changed since the replaced revision; may be empty if incidents changed. */
  rows: z.array(z.string()),
  /** Absent in a correction that an earlier version of the program requested. */
  incidents: z
    .strictObject({
      /** The number of the last import that the first issue used; 0 if it used none. */
      first: z.number().int().nonnegative(),
      /** The number of the last import known on the day of the correction. */
      last: z.number().int().nonnegative(),
      /** The last checks of sources that the first issue saw; absent if its dataset was not refreshed before slots. */
      checked: z.record(z.string(), day).optional(),
      /**
       * The evidence sets whose incidents changed since the replaced revision, and single incidents, by name. Or a
       * finding, with counts of 0: its figures changed, and no cited incident did.
       */
      sets: z.array(
        z.strictObject({
          name: z.string(),
          revised: z.number().int().nonnegative(),
          withdrawn: z.number().int().nonnegative(),
          /** The number of incidents in the replaced revision. */
          was: z.number().int().nonnegative(),
        }),
      ),
    })
    .optional(),
});
export type Correction = z.output<typeof correction>;
export type CorrectedSet = NonNullable<Correction['incidents']>['sets'][number];

/** Rows for actors, places and sources: a corrected row may name one that was entered with the correction. */
const registers: ReadonlySet<TableName> = new Set(['sources', 'actors', 'places']);

/** The rows that an edition may use: known by its cut-off and, in a revision, corrected. */
export const knownFor = (
  tables: Tables,
  { asOf, correctedAsOf }: { asOf: Day; correctedAsOf: Day | null },
): Tables => (correctedAsOf === null ? knownBy(tables, asOf) : correctedBy(tables, { asOf, correctedAsOf }));

/**
 * The rows known at `asOf`, each in its version of `correctedAsOf`, without rows withdrawn by then. Rows first known
 * after the cut-off are left out, and so are revisions that rest on them: both belong to later issues.
 */
function correctedBy(tables: Tables, { asOf, correctedAsOf }: { asOf: Day; correctedAsOf: Day }): Tables {
  const before = rowsById(knownBy(tables, asOf));
  const versions = versionsById(tables);
  const added = new Map<string, TableRow>();
  /** The actors, places and sources that a version needs and that came later; undefined if it needs other later rows. */
  const broughtBy = ({ table, row }: TableRow): TableRow[] | undefined => {
    const later = references(table, row).filter(({ id }) => !before.has(id));
    const found = later.map(({ id }) => newestOn(versions.get(id), correctedAsOf));
    const brought = found.filter((entry) => entry?.row.status === 'current' && registers.has(entry.table));
    return brought.length === later.length ? brought.filter((entry) => entry !== undefined) : undefined;
  };
  const kept = new Map<string, TableRow>();
  for (const [id, old] of before) {
    const newer = (versions.get(id) ?? []).filter(
      ({ row }) => row.known_on > old.row.known_on && row.known_on <= correctedAsOf,
    );
    const newest = newer.findLast(
      (entry) => entry.row.status === 'withdrawn' || broughtBy(entry) !== undefined,
    );
    if (newest?.row.status === 'withdrawn') continue;
    const taken = newest === undefined || isSameUntil(asOf, old, newest) ? old : newest;
    kept.set(id, taken);
    for (const entry of broughtBy(taken) ?? []) added.set(entry.row.id, entry);
  }
  // Rows of the dataset's own tables have no revisions.
  return withOwn(withoutUnfounded(tables, new Map([...kept, ...added])), ownKnownBy(tables, asOf));
}

/** Coverage grows every day, so a new version may say the same about the days up to the cut-off. */
function isSameUntil(asOf: Day, old: TableRow, newer: TableRow): boolean {
  if (old.table !== 'coverage' || newer.table !== 'coverage') return false;
  return old.row.start === newer.row.start && old.row.end >= asOf && newer.row.end >= asOf;
}

/** A revised row with its earlier version, or a withdrawn row. */
export type Corrected = Change & { readonly before: TableRow };

/** The rows shown in an edition that changed from one correction of it (or its cut-off) to another, by day and id. */
export function correctionsOf(
  tables: Tables,
  { asOf, since, by, shown }: { asOf: Day; since: Day | null; by: Day; shown: readonly string[] },
): Corrected[] {
  const rowsAt = (correctedAsOf: Day | null) => rowsById(knownFor(tables, { asOf, correctedAsOf }));
  const [before, after] = [rowsAt(since), rowsAt(by)];
  const days = [...new Set(eachRow(tables).map(({ row }) => row.known_on))]
    .filter((each) => each > (since ?? asOf) && each <= by)
    .sort();
  /** The day on which the row disappeared, by its own withdrawal or with a row that it rests on. */
  const goneOn = (id: string): Day => {
    const last = days.findLastIndex((each) => rowsAt(each).has(id));
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

/** The rows shown in an edition that have a later revision left to later issues. */
export function passedOver(
  tables: Tables,
  { asOf, by, shown }: { asOf: Day; by: Day; shown: readonly string[] },
): string[] {
  const taken = rowsById(knownFor(tables, { asOf, correctedAsOf: by }));
  const versions = versionsById(tables);
  return shown.filter((id) => {
    const newest = newestOn(versions.get(id), by);
    const row = taken.get(id)?.row;
    return newest !== undefined && newest.table !== 'coverage' && row !== undefined && row !== newest.row;
  });
}

/** The rows that were new or revised in the period of a corrected edition, in their present version. */
export function asCorrected(changes: readonly Change[], known: Tables): Change[] {
  const rows = rowsById(known);
  return changes.flatMap((each) => {
    if (each.change === 'withdrawn') return [each];
    const now = rows.get(each.id);
    return now === undefined ? [] : [{ ...each, ...now }];
  });
}
