import { z } from 'zod';
import { AppError, type Fault } from '../errors.ts';
import { hashOf } from '../hash.ts';
import { type ApprovalRecord, approver, hashToApprove, waitsForApproval } from '../ledger/approval.ts';
import { type DeliveryRecord, type EditionRecord, isForRecipients } from '../ledger/edition.ts';
import { recorded } from './audit.ts';
import { editionOf, find, type Office, operation, refused } from './context.ts';

const decision = approver.extend({
  ids: z.array(z.string()).min(1),
  /** What was looked at; it must be what would go out. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

/** Writes down who approves editions as they are, and lets go what waited for it: of all of them, or of none. */
export const approve = operation(decision, (office, input) => decide(office, 'approved', input));

/** Takes an approval back, or says that none will be given: what is not out yet waits. */
export const disapprove = operation(decision, (office, input) => decide(office, 'disapproved', input));

async function decide(
  office: Office,
  what: ApprovalRecord['decision'],
  { ids, sha256: seen, user, namedBy, claimedName }: z.output<typeof decision>,
): Promise<readonly string[]> {
  const faults: Fault[] = [];
  const editions: { id: string; sha256: string }[] = [];
  for (const id of new Set(ids)) {
    const found = await find(office, id);
    if (!('edition' in found)) {
      faults.push({ problem: `${id} is a delivery.`, mend: 'Editions are approved: name one.' });
      continue;
    }
    const sha256 = hashToApprove(found.edition);
    const fault = await faultOf(found.edition, { office, what, seen });
    if (fault !== undefined) faults.push(fault);
    else if (sha256 !== null) editions.push({ id, sha256 });
  }
  if (faults.length > 0) throw new AppError('operation-refused', faults);
  const decideOnAll = async (): Promise<readonly string[]> => {
    const decided = { decision: what, user, namedBy, claimedName, now: office.now() };
    const outcome = await office.ledger.decide(editions, decided);
    if ('moved' in outcome) return outcome.moved;
    const mend = editions.length > 1 ? 'Look at it again: nothing was decided.' : 'Look at it again.';
    throw new AppError(
      'operation-refused',
      outcome.outdated.map((id) => ({
        problem: `${id} is being made, or was made again meanwhile.`,
        mend,
      })),
    );
  };
  // Each is a change of its own on record, and all of them are before the first is made.
  const name = what === 'approved' ? 'approve' : 'disapprove';
  const decideOnRecord = editions.reduceRight(
    (work, { id, sha256 }) =>
      () =>
        recorded(office, { what: name, edition: id, details: { sha256 } }, work),
    decideOnAll,
  );
  return decideOnRecord();
}

/** Why an edition cannot be decided upon as it is; undefined when it can. */
async function faultOf(
  edition: EditionRecord,
  { office, what, seen }: { office: Office; what: ApprovalRecord['decision']; seen: string | undefined },
): Promise<Fault | undefined> {
  const { id, state, needsApproval, folder, card } = edition;
  const sha256 = hashToApprove(edition);
  const isMade = state === 'delivering' || state === 'rendered' || state === 'done';
  if (sha256 === null || !isMade)
    return {
      problem: `${id} is ${state}: there is nothing of it to approve.`,
      mend: 'Wait until it is made; where it fanned out, name its editions.',
    };
  if (!needsApproval)
    return {
      problem: `${id} waits for no approval.`,
      mend: 'Set "approval: true" in its brief.yaml before it is made.',
    };
  if (seen !== undefined && seen !== sha256)
    return {
      problem: `${id} has the SHA-256 ${sha256}, and not ${seen}.`,
      mend: 'It was made again, or is another file: look at it again.',
    };
  if (what === 'disapproved' || card === null || card.pdf === null) return undefined;
  const content = folder === null ? undefined : await office.readPdf(folder, card.pdf);
  if (content !== undefined && hashOf(content) === sha256) return undefined;
  return {
    problem: `The PDF in ${folder} is missing or no longer the one that was made (SHA-256 ${sha256}).`,
    mend: `Restore it, or have it made again: "sitrep retry ${id}".`,
  };
}

/** Whether all that is left to do with an edition is to approve it: nothing of it is out, nor on its way. */
export const isStillToApprove = (edition: EditionRecord, deliveries: readonly DeliveryRecord[]): boolean => {
  const states = deliveries.filter(({ content }) => isForRecipients(content)).map(({ state }) => state);
  return (
    edition.needsApproval &&
    states.includes('waiting') &&
    states.every((state) => state === 'waiting' || state === 'held' || state === 'cancelled')
  );
};

/** Throws where nothing but an approval may send an edition on its way, or one of its deliveries. */
export async function refuseUnapproved(office: Office, what: EditionRecord | DeliveryRecord): Promise<void> {
  const isDelivery = 'edition' in what;
  if (isDelivery && !isForRecipients(what.content)) return;
  const edition = isDelivery ? await editionOf(office, what.edition) : what;
  if (waitsForApproval(edition))
    throw refused(`${edition.id} waits for approval.`, `"sitrep approve ${edition.id}" lets it go.`);
}
