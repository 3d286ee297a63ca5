import { audited, type ChangeContext, find, type OperatorContext, refused } from './context.ts';
import { type Day, periodEnding, today } from '../calendar.ts';
import {
  type Corrected,
  type CorrectedSet,
  type Correction,
  correctionsOf,
  knownFor,
  passedOver,
} from '../dataset/corrections.ts';
import type { Dataset } from '../dataset/schema.ts';
import { goneOf, placeOf, unsureOf } from '../delivery/recipients.ts';
import { describeFault, type Fault, onAppError } from '../errors.ts';
import { changedActivity } from '../findings/analyse.ts';
import { newEdition, ownPaperOf } from '../ledger/edition-id.ts';
import {
  type EditionRecord,
  isForRecipients,
  wasIssued,
  type NewEdition,
  revisionOf,
} from '../ledger/records.ts';
import type { Correctable, Reissued } from '../ledger/views.ts';
import type { Brief } from '../project/brief.ts';
import { compareRows } from '../provenance/compare.ts';
import { countCorrected, type EvidenceSet, readEvidenceSet, readIncidents } from '../query/evidence-set.ts';
import { type KnownIncidents, knownIncidents } from '../query/incidents.ts';
import type { Queries } from '../query/query.ts';
import { evidenceQueries, type OpenQueries, parametersOf } from '../query/select.ts';
import { correctedSetText, correctionText } from '../render/changes.ts';
import { defaultAsOf } from '../render/coverage.ts';
import type { Manifest } from '../render/manifest.ts';
import { setsByName } from '../render/row-details.ts';

/**
 * Requests the next revision of a delivered edition, with the rows and incidents revised or withdrawn by a day. Returns its id, its
 * changes and the number of recipients, including those whose address was forgotten.
 */
export async function reissue(context: ChangeContext, id: string, asOf: Day | undefined): Promise<Reissued> {
  const { ledger } = context;
  const found = await find(context, id);
  if (!('edition' in found))
    throw refused(`${id} is a delivery.`, 'Only editions can be corrected. Name an edition.');
  const revisions = await ledger.revisions(found.edition.id);
  const replaced = await newestDelivered(context, revisions);
  const inspection = await inspect(context, replaced, { asOf });
  refuseFannedOut(inspection);
  refuseOtherDay(inspection);
  const inPlace = changedInPlace(inspection);
  if (inPlace !== null) throw refused(`${replaced.id}: ${inPlace.problem}`, inPlace.hint);
  const changes = await changesIn(context, inspection);
  if (changes.texts.length === 0) throw await nothingToCorrect(context, inspection);
  const next = revisionAfter(revisions, { inspection, changes });
  const change = { what: 'reissue', edition: replaced.id, details: { asOf: inspection.by } };
  const [added] = await audited(context, change, () => ledger.request([next], context.now()));
  if (added === undefined) throw refused(`${next.id} already exists.`, '"sitrep runs" shows its state.');
  const recipients = new Map(
    (await goneOf(upTo(replaced, revisions), ledger)).map((each) => [
      placeOf(each),
      each.address.startsWith('forgotten:'),
    ]),
  );
  return {
    edition: added,
    replaces: replaced.id,
    asOf: inspection.by,
    changes: changes.texts,
    passedOver: leftIn(inspection),
    recipients: recipients.size,
    forgotten: [...recipients.values()].filter(Boolean).length,
  };
}

const upTo = (last: EditionRecord, revisions: readonly EditionRecord[]): EditionRecord[] =>
  revisions.filter((each) => revisionOf(each) <= revisionOf(last));

/** The newest revision that reached a recipient. Throws if there is none, or if a later one is in progress. */
async function newestDelivered(
  { ledger }: OperatorContext,
  revisions: readonly EditionRecord[],
): Promise<EditionRecord> {
  for (const edition of revisions.toReversed()) {
    if (!wasIssued(edition)) continue;
    const { id, state, card } = edition;
    if (state !== 'delivering' && state !== 'done' && state !== 'rendered')
      throw refused(`${id} is ${state}.`, 'Wait until it is delivered, fix it, or cancel it.');
    const deliveries = (await ledger.deliveries({ edition: id })).filter(({ content }) =>
      isForRecipients(content),
    );
    const open = deliveries.filter((each) => ['waiting', 'pending', 'sending'].includes(each.state));
    if (open.length > 0)
      throw refused(
        `${id} still has ${open.length === 1 ? 'an open delivery' : `${open.length} open deliveries`}.`,
        'Wait, or cancel them.',
      );
    // Only the operator can find out whether these arrived.
    const unsure = unsureOf(await goneOf(upTo(edition, revisions), ledger));
    if (unsure.length > 0)
      throw refused(
        `It is not known whether these deliveries arrived: ${unsure.map((each) => `${each.edition} to ${each.address} (${each.state}, delivery ${each.id})`).join(', ')}.`,
        'Ask the recipients. Retry each delivery that did not arrive, so that the correction is sent there too. Or cancel it by its id, which records that it did not arrive.',
      );
    if (!deliveries.some((each) => each.state === 'sent')) continue;
    if (card?.pdf == null)
      throw refused(`${id} was a notice, which contains no rows.`, 'Backfill the edition itself.');
    return edition;
  }
  const [first] = revisions;
  throw refused(
    `${first?.id} was not delivered to any recipient.`,
    'Only delivered editions need a correction. If the brief has forEach, name a single edition.',
  );
}

/** A brief that now fans out no longer has a single edition to correct. */
function refuseFannedOut({ edition: { id, parameters }, brief }: Inspection): void {
  if (brief.config.forEach === null || Object.keys(parameters).length > 0) return;
  throw refused(
    `${brief.id} now has one edition for each row of "${brief.config.forEach}", and ${id} belongs to none of them.`,
    'Remove forEach from its brief.yaml for the correction, or inform the recipients in another way.',
  );
}

/** The day of a correction must not be in the future or before the previous correction. */
function refuseOtherDay({ edition: { id, correction }, by, now }: Inspection): void {
  if (by > now) throw refused(`${by} is in the future: today is ${now}.`, 'Give an earlier day.');
  if (correction !== null && by < correction.asOf)
    throw refused(`${id} is already corrected as of ${correction.asOf}.`, 'Give a later day.');
}

async function nothingToCorrect(context: OperatorContext, inspection: Inspection): Promise<Error> {
  const { edition, by, now } = inspection;
  const later = now > by ? (await changesIn(context, { ...inspection, by: now })).texts : [];
  const left = leftIn(inspection);
  return refused(
    `No row of ${edition.id} was revised or withdrawn by ${by}.`,
    [
      later.length === 0
        ? 'There is nothing to correct. You can give a later day with --as-of.'
        : `By ${now}, ${later.length} rows changed: give --as-of ${now}.`,
      ...(left.length === 0
        ? []
        : [`Revisions that depend on later rows belong to later issues: ${left.join(', ')}.`]),
    ].join(' '),
  );
}

function revisionAfter(
  revisions: readonly EditionRecord[],
  { inspection, changes }: { inspection: Inspection; changes: Changes },
): NewEdition {
  const { edition: replaced, by: asOf, manifest } = inspection;
  const { id, brief, asOf: day, paper, parameters, partOf } = replaced;
  const correction = {
    revision: Math.max(...revisions.map(revisionOf)) + 1,
    asOf,
    replaces: {
      edition: id,
      revision: revisionOf(replaced),
      asOf: replaced.correction?.asOf ?? null,
    },
    rows: changes.rows.map((row) => row.id),
    incidents: changes.incidents && { ...changes.incidents, checked: manifest.incidents?.checked },
  };
  const of = { brief, asOf: day, paper, parameters, partOf };
  return newEdition(
    { ...of, origin: 'correction', slot: null, reach: 'all', correction },
    { ownPaper: ownPaperOf(replaced) },
  );
}

/** A delivered edition, what it shows, and the day (`by`) up to which corrections count. */
interface Inspection {
  readonly edition: EditionRecord;
  readonly brief: Brief;
  readonly dataset: Dataset;
  readonly manifest: Manifest;
  readonly shown: readonly string[];
  readonly by: Day;
  /** Today in the brief's time zone. */
  readonly now: Day;
}

/** Throws if the edition cannot be inspected: its files have changed, or its brief or data cannot be read. */
async function inspect(
  context: OperatorContext,
  edition: EditionRecord,
  { asOf, byToday = false }: { asOf: Day | undefined; byToday?: boolean },
): Promise<Inspection> {
  const { id, folder } = edition;
  const manifest = folder === null ? undefined : await context.readManifest(folder);
  if (manifest === undefined)
    throw refused(
      `The files of ${id} in ${folder} are missing or altered, so its rows are not known.`,
      'Restore them from a backup.',
    );
  const brief = await context.loadBrief(edition.brief);
  const dataset = await context.loadDataset(brief.config.dataset);
  const { timezone } = brief.config.schedule;
  const now = today(context.now(), timezone);
  // Imports are known from the day on which they were made, whatever days their incidents are of.
  const untilToday = byToday || dataset.incidents.imports.length > 0;
  const by = asOf ?? (untilToday ? now : defaultAsOf(dataset, timezone, context.now()).asOf);
  return { edition, brief, dataset, by, now, manifest, shown: manifest.rows.map((row) => row.id) };
}

/** The rows and incidents of an edition that changed, and all changes in words. */
interface Changes {
  readonly rows: readonly Corrected[];
  readonly incidents: NonNullable<Correction['incidents']>;
  readonly texts: string[];
}

async function changesIn({ openQueries }: OperatorContext, inspection: Inspection): Promise<Changes> {
  const { brief, dataset, shown, by } = inspection;
  const { asOf, correction } = inspection.edition;
  const rows = correctionsOf(dataset.tables, { asOf, since: correction?.asOf ?? null, by, shown });
  const { incidents, texts } = await correctedEvidence(inspection, openQueries);
  const words = { settings: dataset.settings, locale: brief.locale };
  return { rows, incidents, texts: [...rows.map((each) => correctionText(each, words)), ...texts] };
}

const leftIn = ({ edition: { asOf }, dataset, shown, by }: Inspection): string[] =>
  passedOver(dataset.tables, { asOf, by, shown });

/**
 * Reports shown rows that changed without a revision: they are missing, or their hashes differ from the manifest. Their
 * earlier content is then in no table, so a correction could not say what it corrects. Null if there are none.
 */
function changedInPlace({ dataset, manifest }: Inspection): Fault | null {
  const others = compareRows(manifest, { tables: dataset.tables }).filter(
    ({ change }) => change === 'changed' || change === 'removed',
  );
  if (others.length === 0) return null;
  const listed = others.slice(0, MOST_LISTED).map(({ says }) => says);
  const more =
    others.length > MOST_LISTED ? [`${others.length - MOST_LISTED} more rows were also changed.`] : [];
  return {
    problem: ['Rows were changed without a revision.', ...listed, ...more].join(' '),
    hint: 'Restore these rows. For each, add a row with the same id, a later known_on and the new content, or with status withdrawn.',
  };
}

const MOST_LISTED = 10;

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
    const correctable = await inspectOne(context, edition, asOf).catch(
      onAppError(({ faults }): Correctable => {
        return { edition: edition.id, changes: [], problem: faults.map(describeFault).join(' ') };
      }),
    );
    if (correctable.changes.length > 0 || correctable.problem !== null) found.push(correctable);
  }
  return found;
}

async function inspectOne(
  context: OperatorContext,
  edition: EditionRecord,
  asOf: Day | undefined,
): Promise<Correctable> {
  const inspection = await inspect(context, edition, { asOf, byToday: true });
  const knownUntil = edition.correction?.asOf ?? edition.asOf;
  const changes = inspection.by <= knownUntil ? [] : (await changesIn(context, inspection)).texts;
  const inPlace = changedInPlace(inspection);
  return { edition: edition.id, changes, problem: inPlace && describeFault(inPlace) };
}

/**
 * What the imports up to a day correct in the incidents of a delivered edition, and the corrected sets in words.
 * Compares the hashes of the evidence sets and incidents that an edition cites with those of today's queries over the
 * incidents as corrected by a day. A hash that differs for another reason, such as a changed query, is no correction.
 * If no cited incident changed, the printed figures of `activity` may still have, by incidents of its baseline. Throws
 * `query-failed`.
 */
async function correctedEvidence(
  { brief, dataset, manifest, by }: Inspection,
  openQueries: OpenQueries,
): Promise<Pick<Changes, 'incidents' | 'texts'>> {
  const { asOf, evidence, parameters: given } = manifest;
  const first = manifest.incidents?.import ?? 0;
  const since = manifest.correction?.incidents?.last ?? first;
  const usable = dataset.incidents.imports.filter(({ known_on: knownOn }) => knownOn <= by);
  const last = Math.max(since, usable.at(-1)?.number ?? 0);
  const viewOf = (correctedBy: number): KnownIncidents =>
    knownIncidents(dataset, { asOf, marking: brief.config.marking, upTo: first, correctedBy });
  const corrected = viewOf(last);
  if (corrected.corrections.every(({ number }) => number <= since))
    return { incidents: { first, last, sets: [] }, texts: [] };

  const { settings, tables } = dataset;
  await using opened = new AsyncDisposableStack();
  const open = async (incidents: KnownIncidents): Promise<Queries> =>
    opened.use(
      await openQueries(knownFor(tables, { asOf, correctedAsOf: by }), {
        macros: brief.macros,
        settings,
        incidents,
        locale: brief.locale,
      }),
    );
  const after = await open(corrected);
  const period = periodEnding(asOf, brief.config.period);
  const parameters = parametersOf(brief, { period, settings, given });
  const common = { parameters, incidents: corrected, attach: settings.attach };
  const sources = new Map(evidenceQueries(brief));
  const cited = new Set(evidence.map(({ name }) => name));
  const found: EvidenceSet[] = [];
  for (const [name, { what, ...source }] of sources)
    if (cited.has(name)) found.push(await readEvidenceSet(after, { ...common, name, what, source }));
  const ids = evidence.filter(({ query }) => query === null).map(({ name }) => name);
  if (ids.length > 0) found.push(...(await readIncidents(after, { ...common, ids })));
  const sets = setsByName(found);

  let replaced: Promise<Queries> | undefined;
  const before = (): Promise<Queries> => (replaced ??= open(viewOf(since)));
  const changed: CorrectedSet[] = [];
  for (const { name, query, sha256, count: was } of evidence) {
    const source = sources.get(name);
    // The brief no longer has this evidence set.
    if (query !== null && source === undefined) continue;
    if (sets.get(name)?.sha256 === sha256) continue;
    const counts = await countCorrected({ id: name, source, parameters }, { before, after, since });
    if (counts.revised + counts.withdrawn > 0) changed.push({ name, ...counts, was });
  }
  if (changed.length === 0) {
    const { imports } = corrected;
    const name = await changedActivity(brief, { before, after, period, parameters, imports });
    if (name !== undefined) changed.push({ name, revised: 0, withdrawn: 0, was: 0 });
  }
  return {
    incidents: { first, last, sets: changed },
    texts: changed.map((each) => correctedSetText(each, { set: sets.get(each.name), locale: brief.locale })),
  };
}
