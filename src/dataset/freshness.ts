import { cutOff, type Day, dayAfter, daysBetween } from '../calendar.ts';
import { checksBy } from './incidents.ts';
import type { Dataset } from './schema.ts';
import type { DatasetSettings } from './settings.ts';

/**
 * The last day of imports that an edition as of `asOf` sees. If the dataset is refreshed before slots, that is the day of
 * the slot: what is fetched on Monday at six belongs to the edition that reports through Sunday.
 */
export const importsKnownBy = (asOf: Day, { refresh }: Pick<DatasetSettings, 'refresh'>): Day =>
  refresh?.before === 'slots' ? dayAfter(asOf) : asOf;

/** The days of the last successful checks that an edition sees, by source. */
export type Checked = { readonly [source: string]: Day };

/** How old the data of an edition are. */
export interface Freshness {
  readonly checked: Checked;
  /** The oldest of these days or, if no check is on record, the day of the last import. */
  readonly on: Day;
  /** Days from then to the day after the cut-off, the day of issue. 0 if the data were checked after the cut-off. */
  readonly ageDays: number;
  /** The sources with the oldest check, in words for readers, if others were checked later. */
  readonly behind: readonly string[];
  /** Whether the data are older than the dataset's `maxAgeDays`. */
  readonly isStale: boolean;
}

/**
 * The freshness of a dataset that is refreshed before slots, for an edition as of `asOf`. `checked` is what the edition
 * saw when it was first generated, since a later check on the same day must not change it. Null if the dataset is not
 * refreshed before slots, or if the edition is a reconstruction from later data.
 */
export function freshnessOf(
  { settings, incidents }: Pick<Dataset, 'settings' | 'incidents'>,
  { asOf, timezone, checked: seen }: { asOf: Day; timezone: string; checked?: Checked | undefined },
): Freshness | null {
  const { refresh } = settings;
  const by = importsKnownBy(asOf, settings);
  const known = incidents.imports.filter(({ known_on: knownOn }) => knownOn <= by);
  const lastImport = known.at(-1);
  if (refresh?.before !== 'slots' || lastImport === undefined) return null;
  const sources = seen === undefined ? refresh.sources : Object.keys(seen);
  const checks = sources.flatMap((source) =>
    checksBy(seen?.[source] ?? by, incidents).filter((each) => each.source === source),
  );
  const checked = Object.fromEntries(checks.map(({ source, checkedOn }) => [source, checkedOn]));
  const [oldest = lastImport.known_on] = Object.values(checked).toSorted();
  const old = Object.keys(checked).filter((source) => checked[source] === oldest);
  const nameOf = (source: string): string => known.findLast(({ feed }) => feed === source)?.source ?? source;
  // East of Greenwich, the morning after the cut-off may still be the day before in UTC.
  const afterCutOff = cutOff(asOf, timezone).withTimeZone('UTC').toPlainDate().toString();
  const ageDays = oldest >= afterCutOff ? 0 : daysBetween(oldest, dayAfter(asOf)) - 1;
  return {
    checked,
    on: oldest,
    ageDays,
    behind: old.length < Object.keys(checked).length ? [...new Set(old.map(nameOf))] : [],
    isStale: ageDays > refresh.maxAgeDays,
  };
}
