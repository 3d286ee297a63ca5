import { isStillToApprove, refuseUnapproved } from './approvals.ts';
import {
  audited,
  auditedChange,
  type ChangeContext,
  type Found,
  moveDeliveries,
  refused,
  refuseReplaced,
} from './context.ts';
import { type AppError, collectIn } from '../errors.ts';
import { canonicalJson } from '../hash.ts';
import {
  type DeliveryState,
  type EditionRecord,
  type EditionState,
  heldByOperator,
  type NewDelivery,
} from '../ledger/records.ts';
import type { Pruned, PruneRequest } from '../ledger/views.ts';
import { throwAll } from '../project/load.ts';
import { addressOf, beyondClearance } from '../project/target.ts';

/** An audited change to an edition or a delivery. Returns the ids of the changed editions and deliveries. */
type Transition = (context: ChangeContext, id: string) => Promise<string[]>;

const transition =
  (what: string, run: (context: ChangeContext, found: Found) => Promise<string[]>): Transition =>
  (context, id) =>
    auditedChange(context, { what, id }, (found) => run(context, found));

/** Retries an edition that was not generated, an edition's failed deliveries, or a single delivery. */
const retry = transition('retry', async (context, found) => {
  const { ledger, now } = context;
  await refuseReplaced(context, found);
  if ('delivery' in found) {
    await refuseUnapproved(context, found);
    return moveDeliveries(context, found, {
      from: ['failed', 'bounced', 'held', 'cancelled'],
      to: 'pending',
    });
  }
  const { id } = found.edition;
  const again = { to: 'queued', reason: null, now: now() } as const;
  if (await ledger.moveEdition(id, { ...again, from: ['held', 'failed', 'cancelled', 'skipped'] }))
    return [id];
  // An edition that is not yet approved can be generated again to fix what the reviewer found.
  if (
    isStillToApprove(found.edition, await ledger.deliveries({ edition: id })) &&
    (await ledger.moveEdition(id, { ...again, from: ['delivering'], onlyUnsent: true }))
  )
    return [id];
  return moveDeliveries(context, found, { from: ['failed', 'bounced'], to: 'pending' });
});

/** Keeps an edition from being generated, or deliveries from being sent, until released. */
const hold = transition('hold', (context, found) =>
  moveEither(context, found, {
    edition: ['queued'],
    deliveries: ['waiting', 'pending'],
    to: 'held',
    reason: heldByOperator,
  }),
);

/** Releases an edition or deliveries that are on hold. */
const release = transition('release', async (context, found) => {
  await refuseReplaced(context, found);
  if ('edition' in found) {
    const move = { from: ['held'], to: 'queued', reason: null, now: context.now() } as const;
    if (await context.ledger.moveEdition(found.edition.id, move)) return [found.edition.id];
  }
  await refuseUnapproved(context, found);
  return moveDeliveries(context, found, { from: ['held'], to: 'pending' });
});

/**
 * Ends an edition that is not generated, or deliveries that are not sent. A finished delivery with an unknown outcome
 * then counts as not arrived.
 */
const cancel = transition('cancel', async (context, found) => {
  const { text } = context.locale;
  if ('delivery' in found && found.delivery.mayHaveArrived && isAtRest(found.delivery.state))
    return moveDeliveries(context, found, {
      from: [found.delivery.state],
      to: 'cancelled',
      reason: text('mail.reason.cancelled_not_arrived'),
      didNotArrive: true,
    });
  return moveEither(context, found, {
    edition: ['queued', 'rendering', 'held', 'failed'],
    deliveries: ['waiting', 'pending', 'held'],
    to: 'cancelled',
    reason: text('mail.reason.cancelled'),
  });
});

/** Moves an edition if it is in one of the states, and otherwise its deliveries, or the single delivery. */
async function moveEither(
  context: ChangeContext,
  found: Found,
  {
    edition: from,
    deliveries,
    ...move
  }: {
    edition: readonly EditionState[];
    deliveries: readonly DeliveryState[];
    to: 'held' | 'cancelled';
    reason: string;
  },
): Promise<string[]> {
  if ('edition' in found) {
    const { id } = found.edition;
    if (await context.ledger.moveEdition(id, { ...move, from, now: context.now() })) return [id];
  }
  return moveDeliveries(context, found, { ...move, from: deliveries });
}

export const transitionNames = ['retry', 'cancel', 'hold', 'release'] as const;
export type TransitionName = (typeof transitionNames)[number];
export const transitions: { readonly [name in TransitionName]: Transition } = {
  retry,
  cancel,
  hold,
  release,
};

const isAtRest = (state: DeliveryState): boolean =>
  state === 'held' || state === 'failed' || state === 'bounced' || state === 'cancelled';

/** Sends an edition again to one of its targets, as a copy with its own id. Returns that id. */
export const resend = (context: ChangeContext, id: string, to: string): Promise<string> =>
  auditedChange(context, { what: 'resend', id, details: { to } }, (found) => {
    if ('edition' in found) return sendCopy(context, found.edition, to);
    throw refused(`${id} is a delivery.`, 'Only editions can be resent. Name an edition.');
  });

async function sendCopy(context: ChangeContext, edition: EditionRecord, to: string): Promise<string> {
  const { config } = await context.loadBrief(edition.brief);
  const target = config.deliver.find((each) => addressOf(each).address === to);
  if (target === undefined)
    throw refused(
      `${edition.brief} has no target "${to}".`,
      'Name an address under deliver in its brief.yaml.',
    );
  if (edition.card === null) throw refused(`${edition.id} was never generated.`, 'Retry it first.');
  await refuseReplaced(context, { edition });
  await refuseUnapproved(context, { edition });
  const { channel, address } = addressOf(target);
  const before = (await context.ledger.deliveries({ edition: edition.id })).filter(
    (each) => each.address === address,
  );
  const copy: NewDelivery = {
    channel,
    address,
    content: edition.card.pdf === null ? 'notice' : 'edition',
    copy: Math.max(-1, ...before.map((each) => each.copy)) + 1,
    target,
    heldBecause: beyondClearance(target, edition.card.marking),
  };
  const [added] = await context.ledger.addDeliveries(edition.id, [copy], context.now());
  // A waiting delivery goes out with the others, so a copy would arrive twice.
  if (added === undefined)
    throw refused(`${edition.id} is already being sent to ${address}.`, 'Wait until it is sent.');
  return added;
}

/** Removes what was finished before an instant: editions with their files, or recipients' addresses. */
export function prune(context: ChangeContext, asked: PruneRequest): Promise<Pruned> {
  const { ledger, removeEditions, tidyEditions } = context;
  const { editionsBefore, addressesBefore } = asked;
  const details = Object.fromEntries(
    Object.entries(asked).flatMap(([name, at]) => (at === undefined ? [] : [[name, at.toISOString()]])),
  );
  return audited(context, { what: 'prune', edition: null, details }, async () => {
    const addresses = addressesBefore === undefined ? 0 : await ledger.forgetAddresses(addressesBefore);
    if (editionsBefore === undefined) return { editions: [], addresses };
    await tidyEditions();
    const removed: string[] = [];
    const failures: AppError[] = [];
    for (const revisions of byIdentity(await ledger.removableEditions(editionsBefore))) {
      const ids = revisions.map(({ id }) => id);
      const folders = revisions.flatMap(({ folder }) => folder ?? []);
      const isRemoved = await removeEditions(folders, () => ledger.removeEditions(ids, editionsBefore))
        // If files cannot be removed, their rows stay, and the next "prune" finds them.
        .catch(collectIn(failures));
      if (isRemoved) removed.push(...ids);
    }
    throwAll(failures);
    return { editions: removed, addresses };
  });
}

/** All revisions of an edition are removed together. */
const byIdentity = (editions: readonly EditionRecord[]): EditionRecord[][] => [
  ...Map.groupBy(editions, ({ brief, asOf, paper, parameters }) =>
    canonicalJson([brief, asOf, paper, parameters]),
  ).values(),
];
