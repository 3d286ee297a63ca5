import { type Day, periodEnding } from '../../calendar.ts';
import { asCorrected, type Correction, knownFor } from '../../dataset/corrections.ts';
import { knownBy } from '../../dataset/point-in-time.ts';
import { eachRow, type TableRow } from '../../dataset/references.ts';
import type { Dataset } from '../../dataset/schema.ts';
import { topicTitle } from '../../dataset/settings.ts';
import { daySpan, longDay, shortDay } from '../../dataset/wording.ts';
import { type Caller, maySee } from '../../ledger/principal.ts';
import type { Brief } from '../../project/brief.ts';
import type { Parameters } from '../../project/parameters.ts';
import { applyParameters } from '../../query/select.ts';
import { changesOf } from '../../render/changes.ts';
import { titleOf } from '../../render/citations.ts';
import { hashOfRow, type Manifest } from '../../render/manifest.ts';
import { counted, plural } from './format.ts';

interface Of {
  readonly brief: Brief;
  readonly dataset: Dataset;
  readonly asOf: Day;
  readonly parameters: Parameters;
  /** Set for a corrected revision. */
  readonly correction: Correction | null;
}

/**
 * Filters today's rows by the caller's clearance. A row's marking may have been raised since an edition was generated,
 * and the edition itself stays as issued.
 */
export const rowsFor =
  (caller: Caller, dataset: Pick<Dataset, 'marking'>) =>
  ({ marking }: TableRow['row']): boolean =>
    maySee(caller, marking ?? dataset.marking);

/** The ids and names in a table that a parameter can refer to. */
export function namesIn(
  dataset: Dataset,
  { table, asOf, caller }: { table: 'actors' | 'places' | 'sources'; asOf: Day; caller: Caller },
): { id: string; name: string }[] {
  const rows = knownBy(dataset.tables, asOf)[table].filter(rowsFor(caller, dataset));
  return rows.map(({ id, name }) => ({ id, name }));
}

/** The changes since the previous period, as the edition shows them. */
export function changesShown({ brief, dataset, asOf, parameters, correction }: Of, caller: Caller) {
  const known = knownFor(dataset.tables, { asOf, correctedAsOf: correction?.asOf ?? null });
  const applied = applyParameters({ brief, parameters, known });
  const period = periodEnding(asOf, brief.config.period);
  const inPeriod = changesOf({ brief, dataset, period, applied });
  const maySeeRow = rowsFor(caller, dataset);
  const all = correction ? asCorrected(inPeriod, known) : inPeriod;
  const changes = all.filter(({ row }) => maySeeRow(row));
  const named = namesOfSources(dataset, maySeeRow);
  const counts = Object.fromEntries(
    [...Map.groupBy(changes, ({ change }) => change)].map(([change, of]) => [change, of.length]),
  );
  return {
    before: longDay(period.previousAsOf),
    count: changes.length === 0 ? 'nothing new, revised or withdrawn' : counted(counts),
    rows: changes.map((each) => ({
      change: each.change,
      id: each.id,
      title: titleOf(each, { settings: dataset.settings, locale: brief.locale }),
      source: 'source' in each.row ? named(each.row.source) : null,
      knownOn: shortDay(each.knownOn),
    })),
  };
}

/** The rows on an edition's pages according to its manifest, and whether the data have changed since. */
export function sourcesShown({ rows }: Manifest, dataset: Dataset, caller: Caller) {
  const maySeeRow = rowsFor(caller, dataset);
  const present = new Map(
    eachRow(dataset.tables).map((entry) => [`${entry.row.id} ${entry.row.known_on}`, entry]),
  );
  const named = namesOfSources(dataset, maySeeRow);
  const shown = rows.flatMap(({ id, table, known_on, sha256 }) => {
    const entry = present.get(`${id} ${known_on}`);
    const row = entry?.row;
    if (row && !maySeeRow(row)) return [];
    return {
      entry,
      id,
      table,
      title: row ? saidBy(row, dataset) : '',
      source: row && 'source' in row ? named(row.source) : '',
      knownOn: shortDay(known_on),
      changed: changedSince(row, sha256),
    };
  });
  const lost = shown.filter(({ changed }) => changed !== null).length;
  return {
    named: shown.flatMap(({ entry }) => (entry ? sourceOf(entry) : [])),
    label: `${shown.length === rows.length ? 'All ' : ''}${shown.length} rows that its pages show`,
    note:
      lost === 0
        ? 'The data hold each of them as it was when the edition was made.'
        : `${plural(lost, 'row is', 'rows are')} no longer in the data as when the edition was made.`,
    rows: shown,
  };
}

/** A short form of a row's content. */
function saidBy(row: TableRow['row'], { settings }: Dataset): string {
  if ('title' in row) return row.title;
  if ('name' in row) return row.name;
  if ('label' in row) return row.label;
  // Which figures a text contains depends on the edition.
  if ('text' in row) return row.text.replaceAll(/\{[^}]*\}/g, '…');
  return `${topicTitle(row.topic, settings)}, ${daySpan(row.start, row.end)}`;
}

const changedSince = (row: object | undefined, sha256: string): string | null =>
  row === undefined ? 'no longer in the data' : hashOfRow(row) === sha256 ? null : 'changed since';

function sourceOf({ table, row }: TableRow) {
  if (table !== 'sources' || !('descriptor' in row)) return [];
  return [
    {
      name: row.name,
      descriptor: row.descriptor,
      grade: row.reliability ?? 'not graded',
    },
  ];
}

/** Names of the sources that the caller may see; ids for the others. */
const namesOfSources = ({ tables: { sources } }: Dataset, maySeeRow: ReturnType<typeof rowsFor>) => {
  const names = new Map(sources.filter(maySeeRow).map(({ id, name }) => [id, name]));
  return (id: string | null): string => (id === null ? '' : (names.get(id) ?? id));
};
