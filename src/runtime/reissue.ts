import { z } from 'zod';
import type { Brief } from '../model/brief.ts';
import { day, today, type Day } from '../model/calendar.ts';
import { correctionsOf, passedOver, type Corrected } from '../model/correction.ts';
import type { Dataset } from '../model/dataset.ts';
import { editionId } from '../model/edition-id.ts';
import { isForRecipients, type EditionRecord, type NewEdition } from '../model/edition.ts';
import { correctionText } from '../pipeline/changes.ts';
import { defaultAsOf } from '../pipeline/coverage.ts';
import { find, refused, type Office } from './office.ts';
import { operation } from './operation.ts';
import { recorded } from './record.ts';
import { goneOf, placeOf, unsureOf } from './receivers.ts';
import { isIssued, replacementOf, revisionOf } from './revisions.ts';

/** What an edition that was delivered rests on, and by which day it is looked at again. */
interface Looked {
  readonly brief: Brief;
  readonly dataset: Dataset;
  readonly shown: readonly string[];
  readonly by: Day;
}

/**
 * Asks for the next revision of an edition that was delivered, with what was revised or withdrawn by a day. Gives its
 * id, what it corrects, and to how many it goes; for some of them the address may have been forgotten.
 */
export const reissue = operation(
  z.strictObject({ id: z.string(), asOf: day.optional() }),
  async (office, { id, asOf }) => {
    const { ledger } = office;
    const found = await find(office, id);
    if (!('edition' in found)) throw refused(`${id} is a delivery.`, 'Editions are corrected: name one.');
    const revisions = await ledger.revisions(found.edition.id);
    const replaced = await newestDelivered(office, revisions);
    const looked = await look(office, replaced, { asOf });
    refuseFannedOut(replaced, looked);
    refuseOtherDay(office, replaced, looked);
    const changes = changesIn(replaced, looked);
    if (changes.length === 0) throw nothingToCorrect(office, replaced, looked);
    const next = revisionAfter(revisions, { replaced, looked, changes });
    const change = { what: 'reissue', edition: replaced.id, details: { asOf: looked.by } };
    const [added] = await recorded(office, change, () => ledger.request([next], office.now()));
    if (added === undefined)
      throw refused(`${next.id} is there already.`, '"sitrep runs" shows what became of it.');
    const receivers = new Map(
      (await goneOf(upTo(replaced, revisions), ledger)).map((each) => [
        placeOf(each),
        each.address.startsWith('forgotten:'),
      ]),
    );
    return {
      edition: added,
      replaces: replaced.id,
      asOf: looked.by,
      changes: changes.map(correctionText),
      passedOver: leftIn(replaced, looked),
      receivers: receivers.size,
      forgotten: [...receivers.values()].filter(Boolean).length,
    };
  },
);

/** The editions that were delivered and rest on rows that were revised or withdrawn by a day, by today if none is given. */
export const revised = operation(z.strictObject({ asOf: day.optional() }), async (office, { asOf }) => {
  const { ledger } = office;
  const ids = await office.briefIds();
  const found: { edition: string; changes?: string[]; problem?: string }[] = [];
  for (const edition of await ledger.editions({ limit: 100_000 })) {
    if (edition.card === null || edition.card.pdf === null || !ids.includes(edition.brief)) continue;
    if ((await replacementOf(edition, ledger)) !== undefined) continue;
    if ((await goneOf([edition], ledger)).length === 0) continue;
    const manifest = edition.folder === null ? undefined : await office.readManifest(edition.folder);
    if (manifest === undefined) found.push({ edition: edition.id, problem: gone(edition) });
    else {
      const looked = await look(office, edition, { asOf, byToday: true });
      const changes = looked.by <= dayOf(edition) ? [] : changesIn(edition, looked);
      if (changes.length > 0) found.push({ edition: edition.id, changes: changes.map(correctionText) });
    }
  }
  return found;
});

const upTo = (last: EditionRecord, revisions: readonly EditionRecord[]): EditionRecord[] =>
  revisions.filter((each) => revisionOf(each) <= revisionOf(last));
const gone = ({ id, folder }: EditionRecord): string =>
  `The files of ${id} in ${folder} are missing or altered, so that nobody can tell what it rests on.`;
/** The day by which what it tells was known. */
const dayOf = ({ asOf, correction }: EditionRecord): Day => correction?.asOf ?? asOf;

/** The newest revision that reached anybody. Throws where a later one is under way, or where there is none. */
async function newestDelivered(
  { ledger }: Office,
  revisions: readonly EditionRecord[],
): Promise<EditionRecord> {
  for (const edition of revisions.toReversed()) {
    if (!isIssued(edition)) continue;
    const { id, state, card } = edition;
    if (state !== 'delivering' && state !== 'done' && state !== 'rendered')
      throw refused(`${id} is ${state}.`, 'Wait until it is out, mend it, or cancel it.');
    const deliveries = (await ledger.deliveries({ edition: id, limit: 100_000 })).filter(({ content }) =>
      isForRecipients(content),
    );
    const open = deliveries.filter((each) => ['waiting', 'pending', 'sending'].includes(each.state));
    if (open.length > 0)
      throw refused(
        `${id} is on its way: ${open.length} of its deliveries are open.`,
        'Wait, or cancel them.',
      );
    // Only the operator can find out.
    const unsure = unsureOf(await goneOf(upTo(edition, revisions), ledger));
    if (unsure.length > 0)
      throw refused(
        `Nobody knows whether it arrived: ${unsure.map((each) => `${each.edition} to ${each.address} (${each.state}, delivery ${each.id})`).join(', ')}.`,
        'Ask there. Retry each that did not arrive, so that the correction goes there too, or cancel it by the id of the delivery: then it counts as not arrived.',
      );
    if (!deliveries.some((each) => each.state === 'sent')) continue;
    if (card?.pdf == null)
      throw refused(`${id} was a notice, and rests on no rows.`, 'Backfill the edition itself.');
    return edition;
  }
  const [first] = revisions;
  throw refused(
    `${first?.id} was not delivered to anybody.`,
    'What nobody has needs no correction; of a brief that fans out name one edition.',
  );
}

async function look(
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
  return { brief, dataset, by, shown: manifest.rows.map((row) => row.id) };
}

const changesIn = ({ asOf, correction }: EditionRecord, { dataset, shown, by }: Looked): Corrected[] =>
  correctionsOf(dataset.tables, { asOf, since: correction?.asOf ?? null, by, shown });

const leftIn = ({ asOf }: EditionRecord, { dataset, shown, by }: Looked): string[] =>
  passedOver(dataset.tables, { asOf, by, shown });

/** Of a brief that has become one of many editions there is no edition for all any more. */
function refuseFannedOut({ id, parameters }: EditionRecord, { brief }: Looked): void {
  if (brief.config.forEach === null || Object.keys(parameters).length > 0) return;
  throw refused(
    `${brief.id} has one edition for each row of "${brief.config.forEach}" now, and ${id} is for none of them.`,
    'Take forEach out of its brief.yaml for the correction, or tell the recipients otherwise.',
  );
}

/** A correction is as of a day that is not to come, and goes on from the one before. */
function refuseOtherDay(office: Office, edition: EditionRecord, { brief, by }: Looked): void {
  const now = today(office.now(), brief.config.schedule.timezone);
  if (by > now) throw refused(`${by} is to come: today is ${now}.`, 'Give an earlier day.');
  if (edition.correction !== null && by < edition.correction.asOf)
    throw refused(
      `${edition.id} is corrected as of ${edition.correction.asOf} already.`,
      'Give a later day.',
    );
}

function nothingToCorrect(office: Office, edition: EditionRecord, looked: Looked): Error {
  const { brief, by } = looked;
  const now = today(office.now(), brief.config.schedule.timezone);
  const later = now > by ? changesIn(edition, { ...looked, by: now }) : [];
  const left = leftIn(edition, looked);
  return refused(
    `No row on which ${edition.id} rests was revised or withdrawn by ${by}.`,
    [
      later.length === 0
        ? 'There is nothing to correct. A later day can be given with --as-of.'
        : `By ${now} there are ${later.length}: give --as-of ${now}.`,
      ...(left.length === 0 ? [] : [`Left to later issues, on whose rows they rest: ${left.join(', ')}.`]),
    ].join(' '),
  );
}

function revisionAfter(
  revisions: readonly EditionRecord[],
  { replaced, looked, changes }: { replaced: EditionRecord; looked: Looked; changes: readonly Corrected[] },
): NewEdition {
  const { asOf, paper, parameters, partOf } = replaced;
  const { brief, by } = looked;
  const revision = Math.max(...revisions.map(revisionOf)) + 1;
  return {
    id: editionId({ brief: brief.id, asOf, paper, ownPaper: brief.config.paper, parameters, revision }),
    brief: brief.id,
    asOf,
    paper,
    parameters,
    partOf,
    origin: 'correction',
    slot: null,
    reach: 'all',
    correction: {
      revision,
      asOf: by,
      replaces: {
        edition: replaced.id,
        revision: revisionOf(replaced),
        asOf: replaced.correction?.asOf ?? null,
      },
      rows: changes.map(({ id }) => id),
    },
  };
}
