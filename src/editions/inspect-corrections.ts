import { type Day, today } from '../calendar.ts';
import { type Corrected, correctionsOf, passedOver } from '../dataset/corrections.ts';
import type { Dataset } from '../dataset/schema.ts';
import type { Fault } from '../errors.ts';
import type { EditionRecord } from '../ledger/edition.ts';
import type { Brief } from '../project/brief.ts';
import { compareRows } from '../provenance/compare.ts';
import { defaultAsOf } from '../render/coverage.ts';
import type { Manifest } from '../render/manifest.ts';
import { type Office, refused } from './context.ts';

/** What an edition that was delivered rests on, and by which day it is looked at again. */
export interface Looked {
  readonly brief: Brief;
  readonly dataset: Dataset;
  readonly manifest: Manifest;
  readonly shown: readonly string[];
  readonly by: Day;
}

/** Throws what keeps it from being looked at: files that are not what they were, a brief or data that cannot be read. */
export async function look(
  office: Office,
  edition: EditionRecord,
  { asOf, byToday = false }: { asOf: Day | undefined; byToday?: boolean },
): Promise<Looked> {
  const manifest = edition.folder === null ? undefined : await office.readManifest(edition.folder);
  if (manifest === undefined) throw refused(gone(edition), 'Restore them from a backup.');
  const brief = await office.loadBrief(edition.brief);
  const dataset = await office.loadDataset(brief.config.dataset);
  const { timezone } = brief.config.schedule;
  const now = office.now();
  const by = asOf ?? (byToday ? today(now, timezone) : defaultAsOf(dataset, timezone, now).asOf);
  return { brief, dataset, by, manifest, shown: manifest.rows.map((row) => row.id) };
}

export const changesIn = ({ asOf, correction }: EditionRecord, { dataset, shown, by }: Looked): Corrected[] =>
  correctionsOf(dataset.tables, { asOf, since: correction?.asOf ?? null, by, shown });

export const leftIn = ({ asOf }: EditionRecord, { dataset, shown, by }: Looked): string[] =>
  passedOver(dataset.tables, { asOf, by, shown });

/**
 * What became of rows that it shows without a revision: their hashes are not those of its manifest, or they are gone.
 * What they said before is in no table then, so that no correction could say what it corrects. Null where all are as
 * they were.
 */
export function changedInPlace({ dataset, manifest }: Looked): Fault | null {
  const others = compareRows(manifest, { tables: dataset.tables }).filter(
    ({ change }) => change === 'changed' || change === 'removed',
  );
  if (others.length === 0) return null;
  const told = others.slice(0, MOST_TOLD).map(({ says }) => says);
  const more = others.length > MOST_TOLD ? [`So were ${others.length - MOST_TOLD} more.`] : [];
  return {
    problem: ['Rows were changed without a revision.', ...told, ...more].join(' '),
    mend: 'Put them back as they were, and add for each a row of the same id with a later known_on that says what is so now, or withdraws it.',
  };
}

const MOST_TOLD = 10;

const gone = ({ id, folder }: EditionRecord): string =>
  `The files of ${id} in ${folder} are missing or altered, so that nobody can tell what it rests on.`;
