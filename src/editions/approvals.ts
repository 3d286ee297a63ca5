import {
  audited,
  type ChangeContext,
  editionForRecipients,
  find,
  type Found,
  type OperatorContext,
  refused,
} from './context.ts';
import { AppError, type Fault } from '../errors.ts';
import { hashOf } from '../hash.ts';
import {
  type ApprovalRecord,
  type DeliveryRecord,
  type EditionRecord,
  hashToApprove,
  isForRecipients,
  waitsForApproval,
} from '../ledger/records.ts';

export const decisions = ['approve', 'disapprove'] as const;
export type DecisionName = (typeof decisions)[number];

export interface DecisionRequest extends Pick<ApprovalRecord, 'user' | 'namedBy' | 'claimedName'> {
  readonly ids: readonly string[];
  /** The PDF that the person approved; it must be the one that would go out. */
  readonly sha256?: string | undefined;
}

/**
 * Records approvals and sends the deliveries that waited for them, or withdraws approvals and stops deliveries that are
 * not yet out. Applies to all editions or to none. Returns the ids of the changed editions and deliveries.
 */
export async function decide(
  context: ChangeContext,
  name: DecisionName,
  { ids, sha256: expected, user, namedBy, claimedName }: DecisionRequest,
): Promise<string[]> {
  const decision: ApprovalRecord['decision'] = name === 'approve' ? 'approved' : 'disapproved';
  const faults: Fault[] = [];
  const editions: { id: string; sha256: string }[] = [];
  for (const id of new Set(ids)) {
    const found = await find(context, id);
    if (!('edition' in found)) {
      faults.push({
        problem: `${id} is a delivery.`,
        hint: 'Only editions can be approved. Name an edition.',
      });
      continue;
    }
    const sha256 = hashToApprove(found.edition);
    const fault = await faultOf(context, found.edition, { decision, expected });
    if (fault !== undefined) faults.push(fault);
    else if (sha256 !== null) editions.push({ id, sha256 });
  }
  if (faults.length > 0) throw new AppError('operation-refused', faults);
  const decideOnAll = async (): Promise<string[]> => {
    const decided = { decision, user, namedBy, claimedName, now: context.now() };
    const outcome = await context.ledger.decide(editions, decided);
    if ('moved' in outcome) return [...outcome.moved];
    const hint = editions.length > 1 ? 'Review it again. Nothing was decided.' : 'Review it again.';
    throw new AppError(
      'operation-refused',
      outcome.outdated.map((id) => ({
        problem: `${id} is being generated, or was generated again meanwhile.`,
        hint,
      })),
    );
  };
  // Each decision has its own audit record, and all are written before the first decision takes effect.
  const decideOnRecord = editions.reduceRight(
    (work, { id, sha256 }) =>
      () =>
        audited(context, { what: name, edition: id, details: { sha256 } }, work),
    decideOnAll,
  );
  return decideOnRecord();
}

/** Why an edition cannot be decided on now; undefined if it can. */
async function faultOf(
  context: OperatorContext,
  edition: EditionRecord,
  { decision, expected }: Pick<ApprovalRecord, 'decision'> & { expected: string | undefined },
): Promise<Fault | undefined> {
  const { id, state, needsApproval, folder, card } = edition;
  const sha256 = hashToApprove(edition);
  const isMade = state === 'delivering' || state === 'rendered' || state === 'done';
  if (sha256 === null || !isMade)
    return {
      problem: `${id} is ${state}, so there is nothing to approve.`,
      hint: 'Wait until it is generated. If its brief has forEach, name the single editions.',
    };
  if (!needsApproval)
    return {
      problem: `${id} does not need approval.`,
      hint: 'Set "approval: true" in its brief.yaml before it is generated.',
    };
  if (expected !== undefined && expected !== sha256)
    return {
      problem: `${id} has the SHA-256 ${sha256}, not ${expected}.`,
      hint: 'It was generated again, or you reviewed another file. Review it again.',
    };
  if (decision === 'disapproved' || card === null || card.pdf === null) return undefined;
  const content = folder === null ? undefined : await context.readPdf(folder, card.pdf);
  if (content !== undefined && hashOf(content) === sha256) return undefined;
  return {
    problem: `The PDF in ${folder} is missing or was changed. Its SHA-256 was ${sha256}.`,
    hint: `Restore the file, or generate it again with "sitrep retry ${id}".`,
  };
}

/** Whether an edition only needs approval: nothing of it is sent or in progress. */
export const isStillToApprove = (edition: EditionRecord, deliveries: readonly DeliveryRecord[]): boolean => {
  const states = deliveries.filter(({ content }) => isForRecipients(content)).map(({ state }) => state);
  return (
    edition.needsApproval &&
    states.includes('waiting') &&
    states.every((state) => state === 'waiting' || state === 'held' || state === 'cancelled')
  );
};

/** Throws if an edition or delivery needs approval before it can go out. */
export async function refuseUnapproved(context: OperatorContext, found: Found): Promise<void> {
  const edition = await editionForRecipients(context, found);
  if (edition && waitsForApproval(edition))
    throw refused(`${edition.id} needs approval.`, `"sitrep approve ${edition.id}" approves it.`);
}
