import { join } from 'node:path';
import { z } from 'zod';
import { type Day, day, dayAfter } from '../calendar.ts';
import type { Column } from './fields.ts';
import type { SourceCheck } from './reading/checks.ts';
import { type Compaction, importFolder, newestRows, rowFiles } from './reading/newest-rows.ts';
import { storedFiles } from './reading/stored-files.ts';
import { dayOf, merged, numberOf, shared, type Span } from './spans.ts';
import { quote } from './sql.ts';

/**
 * Incidents are event-level data from others. A dataset keeps them in its folder `incidents/`, one folder for each
 * import, named by its number and never changed afterwards:
 *
 * - `import.json`: an `ImportRecord`.
 * - `rows.parquet`: the rows that this import brought: new, revised and withdrawn ones. It has the columns of
 *   `incidentColumns` and `storedColumns`, sorted by country and start. A large import has several such files instead,
 *   `rows-1.parquet` and so on, each sorted; the record names them.
 * - `superseded.parquet`: `id` and `import` of the earlier rows that this import replaces. The file is absent if there
 *   are none. The day on which they were superseded is the record's `known_on`.
 * - `notes.jsonl`: the rows of other tables that this import brought (`readNotes`). Absent if there are none.
 * - `extra.jsonl`: what these rows have no column for. Only the next import reads it.
 *
 * So an import never rewrites earlier rows. Later imports have the same or a later `known_on`.
 *
 * `compact-0012/` is a sorted copy of the newest row of each incident after import 12, for faster reading: the files
 * that its `compact.json` names, with the columns of `rows.parquet`; those in `country=XY/` are of one country. It can be
 * deleted at any time.
 */
export const INCIDENTS_FOLDER = 'incidents';

/** How exactly the days of an incident are known: its `start` and `end` are the first and last possible day. */
export const datePrecisions = ['day', 'week', 'month', 'year', 'range'] as const;

/** How exactly the point of an incident is known, from a spot to nothing more than the country. */
export const placePrecisions = [
  'exact',
  'near',
  'admin2',
  'admin1',
  'region',
  'country',
  'international',
] as const;

interface IncidentColumn extends Column {
  readonly nullable: boolean;
}

const column = (name: string, type: Column['type']): IncidentColumn => ({ name, type, nullable: false });
const optional = (name: string, type: Column['type'] = 'VARCHAR') => ({ name, type, nullable: true });

/** The columns of the table `incidents` that queries see, in order. Lists are empty rather than null. */
export const incidentColumns: readonly IncidentColumn[] = [
  /** The format's own id behind a prefix for its source, such as `ACLED-ARG10607`. */
  column('id', 'VARCHAR'),
  /** `current` or `withdrawn`. Queries see only current rows. */
  column('status', 'VARCHAR'),
  /** The day of the import that brought this row. */
  column('known_on', 'DATE'),
  /** The day on which its publisher published or last edited it. */
  optional('published_on', 'DATE'),
  /** The first possible day. */
  column('start', 'DATE'),
  /** The last possible day. */
  column('end', 'DATE'),
  /** One of `datePrecisions`. */
  column('precision', 'VARCHAR'),
  /** The format's event type. */
  optional('kind'),
  optional('sub_kind'),
  /** Whether the row is an activity to be counted. */
  column('counts', 'BOOLEAN'),
  /** Names as given. Sides do not say who attacked. */
  column('side_a', 'VARCHAR[]'),
  column('side_b', 'VARCHAR[]'),
  column('others', 'VARCHAR[]'),
  /** The number of incidents that the row represents. */
  column('number', 'BIGINT'),
  /** ISO 3166-1 alpha-2. Null if the name did not match; `extra` then has the name. */
  optional('country'),
  optional('admin1'),
  optional('admin2'),
  optional('place'),
  optional('lat', 'DOUBLE'),
  optional('lon', 'DOUBLE'),
  /** One of `placePrecisions`. */
  optional('place_precision'),
  optional('civilians_targeted', 'BOOLEAN'),
  optional('deaths_low', 'BIGINT'),
  optional('deaths_best', 'BIGINT'),
  optional('deaths_high', 'BIGINT'),
  optional('confidence'),
  /** One of the TLP markings, for rows that are more restricted than their dataset. */
  optional('marking'),
  optional('title'),
  optional('summary'),
  optional('source'),
  optional('url'),
  /** A JSON object, as text, with every given field that has no column. */
  optional('extra'),
];

/** Columns that only the stored rows have, after `incidentColumns`. */
export const storedColumns = [
  /** The number of the import that brought the row. With the id it is the row's key. */
  { name: 'import', type: 'BIGINT', nullable: false },
  /** The first 64 bits of an MD5 over the given content. Equal rows of one id have equal hashes. */
  { name: 'content_hash', type: 'UBIGINT', nullable: false },
] as const;

const count = z.number().int().nonnegative();

/** What `import.json` says about one import. */
export const importRecord = z.object({
  number: z.number().int().positive(),
  /** The day of the import, in UTC. */
  known_on: day,
  /** The importer, such as `acled`. */
  format: z.string(),
  /** The source's prefix in ids, without the hyphen; empty if ids are used as given. */
  prefix: z.string(),
  /** The source's name for readers, such as `ACLED`. */
  source: z.string(),
  /** The name of the source in `sitrep.sources` that was refreshed; absent for an import by hand. */
  feed: z.string().optional(),
  files: z.array(z.object({ name: z.string(), bytes: count, sha256: z.string() })),
  /** SHA-256 of the mapping file; null for formats that need none. */
  mapping: z.string().nullable(),
  /** `unchanged` rows were in the dataset already. `skipped` counts rows by reason. */
  counts: z.object({
    read: count,
    new: count,
    revised: count,
    unchanged: count,
    withdrawn: count,
    skipped: z.record(z.string(), count),
  }),
  /** The rows of other tables that it brought; absent for formats that have none. */
  notes: z.object({ new: count, revised: count, unchanged: count, withdrawn: count }).optional(),
  /** The first `start` and last `end` of the rows that were read; null if there were none, only notes or withdrawals. */
  first_day: day.nullable(),
  last_day: day.nullable(),
  /** The ISO 3166-1 alpha-2 codes of the rows that were read, sorted. */
  countries: z.array(z.string()),
  /** Whether the import withdrew the rows of its period and countries that its files no longer had. */
  complete: z.boolean(),
  /** Days between an incident and its publication, as declared for the source; null if not declared. */
  lag_days: count.nullable(),
  licence: z.object({
    name: z.string(),
    url: z.string().nullable(),
    attribution: z.string(),
    /** Whether the licence allows passing the rows on to readers. */
    allows_rows: z.boolean(),
  }),
  /** The version of the program. */
  program: z.string(),
  /** The other files of its folder. */
  stored: storedFiles,
});
export type ImportRecord = Readonly<z.output<typeof importRecord>>;

/** The imports of a dataset, oldest first. */
export interface IncidentStore {
  /** The absolute path of the folder with the imports, also if it does not exist. */
  readonly folder: string;
  readonly imports: readonly ImportRecord[];
  /** The successful checks of its sources, oldest first. An import of a source is one too. */
  readonly checks: readonly SourceCheck[];
  readonly compaction?: Compaction | undefined;
}

export { importFolder } from './reading/newest-rows.ts';

/** The last check of each source by the day `by`, in the order of the checks. */
export const checksBy = (by: Day, { checks }: IncidentStore): SourceCheck[] => [
  ...new Map(checks.filter(({ checkedOn }) => checkedOn <= by).map((each) => [each.source, each])).values(),
];

/**
 * The day by which the incidents of a dataset have been reported: the latest of the imports' last days, each plus the
 * declared lag. Null without imports of incidents.
 */
export const reportedBy = ({ imports }: IncidentStore): Day | null =>
  imports
    .flatMap(({ last_day: last, lag_days: lag }) => (last === null ? [] : dayAfter(last, lag ?? 0)))
    .toSorted()
    .at(-1) ?? null;

/** Days on which imports collected incidents of a country. */
export interface IncidentCoverage {
  /** ISO 3166-1 alpha-2, or null for the days on which every country of the imports is covered. */
  readonly country: string | null;
  readonly start: Day;
  readonly end: Day;
}

/**
 * The days that imports cover: an import covers the countries of its rows from its first day to its last, without the
 * days that were still within the reporting lag when it was made. For each country, and then for all countries together
 * (null), the spans are in order, and neither overlap nor touch. An incident without a country may have happened in any
 * of them, so it is covered only where all are.
 */
export function coverageOfImports(imports: readonly ImportRecord[]): IncidentCoverage[] {
  const spans = imports.flatMap((each) => {
    const { countries, first_day: start } = each;
    const end = lastCovered(each);
    if (start === null || end === null || end < start) return [];
    const span = { from: numberOf(start), to: numberOf(end) };
    return (countries.length === 0 ? [null] : countries).map((country) => ({ country, ...span }));
  });
  const byCountry = [...Map.groupBy(spans, ({ country }) => country)]
    .map(([country, given]) => ({ country, spans: merged(given) }))
    .toSorted((a, b) => ((a.country ?? '') < (b.country ?? '') ? -1 : 1));
  const everywhere = byCountry.reduce<Span[]>(
    (all, own) => all.flatMap((span) => shared(span, own.spans)),
    byCountry.length === 0 ? [] : [{ from: -Infinity, to: Infinity }],
  );
  return [
    ...byCountry.filter(({ country }) => country !== null),
    { country: null, spans: everywhere },
  ].flatMap(({ country, spans: given }) =>
    given.map(({ from, to }) => ({ country, start: dayOf(from), end: dayOf(to) })),
  );
}

/** The last day that an import covers; null if it brought no incidents. */
export function lastCovered({ last_day: last, known_on: knownOn, lag_days: lag }: ImportRecord): Day | null {
  if (last === null) return null;
  const reported = dayAfter(knownOn, -(lag ?? 0));
  return reported < last ? reported : last;
}

/** The incidents that an edition sees, as SQL. */
export interface IncidentView {
  /** A SELECT with the columns of `incidentColumns` and `import`. It reads the files of the store. */
  readonly sql: string;
  /** The imports that the view reads, oldest first. */
  readonly imports: readonly ImportRecord[];
  /** The day of the base load if the cut-off is before it: the view is then a reconstruction. Otherwise null. */
  readonly reconstructedFrom: Day | null;
}

/**
 * The incidents known by the cut-off day `asOf`. With `upTo`, only the imports up to that number count, so that an
 * edition can be made again from the imports that it used. Imports count until `knownBy`, which may be later than `asOf`.
 *
 * The imports of the first day are the base load. A cut-off before that day is a reconstruction: a row of the base load
 * counts as known from the earlier of `published_on` and `end` plus the declared lag, or plus nothing if none is declared.
 */
export function incidentsAsOf(
  store: IncidentStore,
  { asOf, knownBy = asOf, upTo = Infinity }: { asOf: Day; knownBy?: Day; upTo?: number | undefined },
): IncidentView {
  const usable = store.imports.filter(({ number }) => number <= upTo);
  // An import of notes only is no base load.
  const first = usable.find(({ last_day: last }) => last !== null);
  const isReconstruction = first !== undefined && knownBy < first.known_on;
  const cutOff = isReconstruction ? first.known_on : knownBy;
  const imports = usable.filter(({ known_on: knownOn }) => knownOn <= cutOff);
  if (first === undefined || imports.length === 0) return { sql: noRows, imports, reconstructedFrom: null };
  const current = `${newestRows(store, { imports, columns: viewed })} WHERE stored.status = 'current'`;
  if (!isReconstruction) return { sql: current, imports, reconstructedFrom: null };
  const lags = imports.map(({ number, lag_days: lag }) => ({ number, days: lag ?? 0 }));
  const [{ days } = { days: 0 }] = lags;
  // One number where the imports agree, because to look at the import of each row takes longer.
  const lag = lags.every((each) => each.days === days)
    ? days
    : `(CASE "import" ${lags.map((each) => `WHEN ${each.number} THEN ${each.days}`).join(' ')} END)::INTEGER`;
  const cutOffDay = `${quote(asOf)}::DATE`;
  return {
    sql: `SELECT * FROM (${current}) WHERE (published_on <= ${cutOffDay} OR "end" <= ${cutOffDay} - ${lag})`,
    imports,
    reconstructedFrom: first.known_on,
  };
}

const viewColumns = [...incidentColumns, { name: 'import', type: 'BIGINT' }];
const viewed = viewColumns.map(({ name }) => `"${name}"`).join(', ');
const noRows = `SELECT ${viewColumns.map(({ name, type }) => `NULL::${type} AS "${name}"`).join(', ')} WHERE false`;

/**
 * The incidents of `incidentsAsOf`, each in its version of the import `correctedBy`, without those withdrawn by then.
 * Incidents that are new in a later import are left out: they belong to later issues. Without `correctedBy`, the view
 * is that of the first issue. `imports` are those of the first issue, because a correction does not extend what it
 * covers; `corrections` are the later imports whose revisions and withdrawals the view includes, oldest first.
 */
export function correctedIncidents(
  store: IncidentStore,
  { correctedBy = 0, ...of }: Parameters<typeof incidentsAsOf>[1] & { correctedBy?: number | undefined },
): IncidentView & { readonly corrections: readonly ImportRecord[] } {
  const base = incidentsAsOf(store, of);
  const last = base.imports.at(-1)?.number ?? Infinity;
  const corrections = store.imports.filter(
    ({ number, counts }) => number > last && number <= correctedBy && counts.revised + counts.withdrawn > 0,
  );
  if (corrections.length === 0) return { ...base, corrections };
  const read = (files: readonly string[]) =>
    `read_parquet([${files.map((file) => quote(join(store.folder, file))).join(', ')}])`;
  const superseded = read(corrections.map(({ number }) => join(importFolder(number), 'superseded.parquet')));
  // One import may revise what another has revised, so the rows of corrections are compared with all of them too.
  const current = (rows: string) =>
    `SELECT ${viewed} FROM ${rows} ANTI JOIN ${superseded} USING (id, "import")`;
  const newest = current(
    `(SELECT ${viewed} FROM ${read(corrections.flatMap(rowFiles))} WHERE status = 'current')`,
  );
  const revised = `SELECT id FROM (${base.sql}) SEMI JOIN ${superseded} USING (id, "import")`;
  return {
    ...base,
    sql: `${current(`(${base.sql})`)} UNION ALL ${newest} WHERE id IN (${revised})`,
    corrections,
  };
}
