import { briefHref, editionHref } from './format.ts';
import { type Day, periodEnding } from '../../calendar.ts';
import { asCorrected, knownFor } from '../../dataset/corrections.ts';
import type { Marking } from '../../dataset/fields.ts';
import { knownBy } from '../../dataset/point-in-time.ts';
import { eachRow, type TableRow } from '../../dataset/references.ts';
import type { Dataset } from '../../dataset/schema.ts';
import { topicTitle } from '../../dataset/settings.ts';
import { chainOf, originLines, valuesOf } from '../../editions/format.ts';
import { type Caller, maySee } from '../../ledger/principal.ts';
import type { EditionView } from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';
import type { Explanation } from '../../production/explain.ts';
import type { Brief } from '../../project/brief.ts';
import { applyParameters } from '../../query/select.ts';
import { changesOf } from '../../render/changes.ts';
import { hashOfRow, type Manifest } from '../../render/manifest.ts';
import { titleOf } from '../../render/row-details.ts';

type Of = Pick<EditionView, 'asOf' | 'parameters' | 'correction'> & {
  readonly brief: Brief;
  readonly dataset: Dataset;
};

/**
 * Filters today's rows by the caller's clearance. A row's marking may have been raised since an edition was generated,
 * and the edition itself stays as issued.
 */
export const rowsFor =
  (caller: Caller, dataset: Pick<Dataset, 'marking'>) =>
  ({ marking }: { readonly marking?: Marking | null }): boolean =>
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
export function changesShown(
  { brief, dataset, asOf, parameters, correction }: Of,
  { caller, locale }: { caller: Caller; locale: Locale },
) {
  const { text } = locale;
  const known = knownFor(dataset.tables, { asOf, correctedAsOf: correction?.asOf ?? null });
  const applied = applyParameters({ brief, parameters, known });
  const period = periodEnding(asOf, brief.config.period);
  const inPeriod = changesOf({ brief, dataset, period, applied });
  const maySeeRow = rowsFor(caller, dataset);
  const all = correction ? asCorrected(inPeriod, known) : inPeriod;
  const changes = all.filter(({ row }) => maySeeRow(row));
  const named = namesOfSources(dataset, maySeeRow);
  const counts = [...Map.groupBy(changes, ({ change }) => change)].map(([change, { length: count }]) =>
    text(`web.edition.changes_count.${change}`, { count }),
  );
  return {
    before: text('web.edition.changes_before', { day: locale.longDay(period.previousAsOf) }),
    count: changes.length === 0 ? text('web.edition.changes_none') : locale.list(counts),
    rows: changes.map((each) => ({
      change: each.change,
      name: text(`web.edition.change.${each.change}`),
      id: each.id,
      title: titleOf(each, { settings: dataset.settings, locale: brief.locale }),
      source: 'source' in each.row ? named(each.row.source) : null,
      knownOn: locale.shortDay(each.knownOn),
    })),
  };
}

/** The rows on an edition's pages according to its manifest, and whether the data have changed since. */
export function sourcesShown(
  { rows }: Manifest,
  dataset: Dataset,
  { caller, locale }: { caller: Caller; locale: Locale },
) {
  const { text } = locale;
  const maySeeRow = rowsFor(caller, dataset);
  const present = new Map(eachRow(dataset.tables).map(({ row }) => [`${row.id} ${row.known_on}`, row]));
  const named = namesOfSources(dataset, maySeeRow);
  const shown = rows.flatMap(({ id, table, known_on, sha256 }) => {
    const row = present.get(`${id} ${known_on}`);
    if (row && !maySeeRow(row)) return [];
    return {
      row,
      id,
      table,
      title: row ? contentOf(row, dataset, locale) : '',
      source: row && 'source' in row ? named(row.source) : '',
      knownOn: locale.shortDay(known_on),
      changed:
        row === undefined
          ? text('web.edition.row_gone')
          : hashOfRow(row) === sha256
            ? null
            : text('web.edition.row_changed'),
    };
  });
  const changed = shown.filter((row) => row.changed !== null).length;
  return {
    named: shown.flatMap(({ table, row }) =>
      table === 'sources' && row && 'descriptor' in row
        ? {
            name: row.name,
            descriptor: row.descriptor,
            grade: row.reliability ?? text('web.edition.not_graded'),
          }
        : [],
    ),
    label: text(shown.length === rows.length ? 'web.edition.rows_all' : 'web.edition.rows_some', {
      count: shown.length,
    }),
    note:
      changed === 0 ? text('web.edition.rows_same') : text('web.edition.rows_changed', { count: changed }),
    rows: shown,
  };
}

/** A short form of a row's content. */
function contentOf(row: TableRow['row'], { settings }: Dataset, locale: Locale): string {
  if ('title' in row) return row.title;
  if ('name' in row) return row.name;
  if ('label' in row) return row.label;
  // Which figures a text contains depends on the edition.
  if ('text' in row) return row.text.replaceAll(/\{[^}]*\}/g, '…');
  return `${topicTitle(row.topic, settings)}, ${locale.daySpan(row.start, row.end)}`;
}

/** Names of the sources that the caller may see; ids for the others. */
const namesOfSources = ({ tables: { sources } }: Dataset, maySeeRow: ReturnType<typeof rowsFor>) => {
  const names = new Map(sources.filter(maySeeRow).map(({ id, name }) => [id, name]));
  return (id: string | null): string => (id === null ? '' : (names.get(id) ?? id));
};

/**
 * The explanation of a number or phrase of an edition. `found` is null before the first search. If the page would be
 * different today, the differences are not shown, because the new content's marking is not checked.
 */
export function explainPage(
  id: string,
  shown: {
    brief: { readonly id: string; readonly title: string };
    title: string;
    /** Such as `16–22 August 2021`. */
    period: string;
    found: Explanation | null;
    maySeeRow: ReturnType<typeof rowsFor>;
    locale: Locale;
  },
) {
  const { brief, period, found, locale } = shown;
  const { text } = locale;
  const href = editionHref(id);
  const places = found?.isSamePage ? found.places : [];
  return {
    title: text('web.explain.title', { title: shown.title, period }),
    trail: [
      { href: '/', label: text('web.nav.briefs') },
      { href: briefHref(brief.id), label: brief.title },
      { href, label: period },
    ],
    action: `${href}/explain`,
    phrase: found?.phrase ?? '',
    answer: found && {
      says: found.isSamePage
        ? text(places.length === 0 ? 'web.explain.not_found' : 'web.explain.found', {
            phrase: found.phrase,
            count: places.length,
          })
        : null,
      near: found.isSamePage ? found.near : [],
      warnings: found.warnings,
      places: places.map(({ what, under, page, text: whole, origins, rows }, index) => ({
        number: index + 1,
        where: locale.list([
          what.replace(/^./, (first) => first.toUpperCase()),
          ...(page === null ? [] : [text('web.explain.page', { page: String(page) })]),
          ...(under === null ? [] : [text('web.explain.under', { heading: under })]),
        ]),
        text: whole,
        origins: origins.flatMap(originLines),
        rests: rows.length > 0,
        rows: rows
          .filter(({ values }) => shown.maySeeRow(values))
          .map(({ id: row, table, known_on, why, title: name, values, sources, grade }) => ({
            id: row,
            knownOn: text('web.explain.known_on', { table, day: known_on }),
            why,
            name,
            values: valuesOf(values),
            chain: chainOf(sources),
            grade,
          })),
      })),
    },
  };
}
