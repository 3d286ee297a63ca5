import { type Day, today } from '../calendar.ts';
import { type Corrected, correctionsOf, passedOver } from '../dataset/corrections.ts';
import type { Dataset } from '../dataset/schema.ts';
import { AppError, describeFault, type Fault } from '../errors.ts';
import type { EditionRecord } from '../ledger/edition.ts';
import type { Correctable } from '../ledger/views.ts';
import type { Brief } from '../project/brief.ts';
import { compareRows } from '../provenance/compare.ts';
import { correctionText } from '../render/changes.ts';
import { defaultAsOf } from '../render/coverage.ts';
import type { Manifest } from '../render/manifest.ts';
import { type OperatorContext, refused } from './context.ts';

/** The rows that a delivered edition shows, and the day (`by`) up to which corrections count. */
export interface Inspection {
  readonly brief: Brief;
  readonly dataset: Dataset;
  readonly manifest: Manifest;
  readonly shown: readonly string[];
  readonly by: Day;
}

/** Throws if the edition cannot be inspected: its files have changed, or its brief or data cannot be read. */
export async function inspect(
  context: OperatorContext,
  edition: EditionRecord,
  { asOf, byToday = false }: { asOf: Day | undefined; byToday?: boolean },
): Promise<Inspection> {
  const manifest = edition.folder === null ? undefined : await context.readManifest(edition.folder);
  if (manifest === undefined) throw refused(gone(edition), 'Restore them from a backup.');
  const brief = await context.loadBrief(edition.brief);
  const dataset = await context.loadDataset(brief.config.dataset);
  const { timezone } = brief.config.schedule;
  const now = context.now();
  const by = asOf ?? (byToday ? today(now, timezone) : defaultAsOf(dataset, timezone, now).asOf);
  return { brief, dataset, by, manifest, shown: manifest.rows.map((row) => row.id) };
}

export const changesIn = (
  { asOf, correction }: EditionRecord,
  { dataset, shown, by }: Inspection,
): Corrected[] => correctionsOf(dataset.tables, { asOf, since: correction?.asOf ?? null, by, shown });

export const leftIn = ({ asOf }: EditionRecord, { dataset, shown, by }: Inspection): string[] =>
  passedOver(dataset.tables, { asOf, by, shown });

/**
 * Reports shown rows that changed without a revision: they are missing, or their hashes differ from the manifest. Their
 * earlier content is then in no table, so a correction could not say what it corrects. Null if there are none.
 */
export function changedInPlace({ dataset, manifest }: Inspection): Fault | null {
  const others = compareRows(manifest, { tables: dataset.tables }).filter(
    ({ change }) => change === 'changed' || change === 'removed',
  );
  if (others.length === 0) return null;
  const listed = others.slice(0, MOST_LISTED).map(({ says }) => says);
  const more = others.length > MOST_LISTED ? [`So were ${others.length - MOST_LISTED} more.`] : [];
  return {
    problem: ['Rows were changed without a revision.', ...listed, ...more].join(' '),
    hint: 'Put them back as they were, and add for each a row of the same id with a later known_on that says what is so now, or withdraws it.',
  };
}

const MOST_LISTED = 10;

const gone = ({ id, folder }: EditionRecord): string =>
  `The files of ${id} in ${folder} are missing or altered, so that nobody can tell what it rests on.`;

/**
 * Delivered editions that contain rows revised or withdrawn by a day, today by default. An edition that cannot be
 * inspected is listed with the reason and does not prevent others from being listed.
 */
export async function listCorrectable(
  context: OperatorContext,
  asOf: Day | undefined,
): Promise<Correctable[]> {
  const found: Correctable[] = [];
  for (const edition of await context.ledger.deliveredEditions(await context.briefIds())) {
    const correctable = await inspectOne(context, edition, asOf);
    if (correctable.changes.length > 0 || correctable.problem !== null) found.push(correctable);
  }
  return found;
}

async function inspectOne(
  context: OperatorContext,
  edition: EditionRecord,
  asOf: Day | undefined,
): Promise<Correctable> {
  const { id } = edition;
  try {
    const inspection = await inspect(context, edition, { asOf, byToday: true });
    const changes = inspection.by <= dayOf(edition) ? [] : changesIn(edition, inspection);
    const inPlace = changedInPlace(inspection);
    return {
      edition: id,
      changes: changes.map((each) => correctionText(each, inspection.dataset.settings)),
      problem: inPlace && describeFault(inPlace),
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { edition: id, changes: [], problem: error.faults.map(describeFault).join(' ') };
  }
}

/** The day up to which the edition's information was known. */
const dayOf = ({ asOf, correction }: EditionRecord): Day => correction?.asOf ?? asOf;
