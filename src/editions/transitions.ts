import { z } from 'zod';
import { type DeliveryState, heldByOperator, type NewDelivery } from '../ledger/edition.ts';
import { addressOf, beyondClearance } from '../project/target.ts';
import { isStillToApprove, refuseUnapproved } from './approvals.ts';
import { changing } from './audit.ts';
import { editionOf, type Found, move, type Office, operation, refused, refuseReplaced } from './context.ts';

/** An operation on an edition or one delivery, on record. */
const change = (what: string, run: (office: Office, found: Found) => Promise<string[]>) =>
  operation(z.strictObject({ id: z.string() }), (office, { id }) =>
    changing(office, { what, id }, (found) => run(office, found)),
  );

/** Makes an edition again that was not made, or sends again what of it failed; or one delivery. */
export const retry = change('retry', async (office, found) => {
  const now = office.now();
  await refuseReplaced(office, found);
  if ('delivery' in found) {
    await refuseUnapproved(office, found.delivery);
    return move(office, [found.delivery], {
      from: ['failed', 'bounced', 'held', 'cancelled'],
      to: 'pending',
    });
  }
  const { edition } = found;
  const from = ['held', 'failed', 'cancelled', 'skipped'] as const;
  if (await office.ledger.moveEdition(edition.id, { from, to: 'queued', reason: null, now }))
    return [edition.id];
  const deliveries = await office.ledger.deliveries({ edition: edition.id });
  // What is not approved can be made again, in the light of what was found wrong with it.
  const again = { from: ['delivering'], to: 'queued', reason: null, onlyUnsent: true, now } as const;
  if (isStillToApprove(edition, deliveries) && (await office.ledger.moveEdition(edition.id, again)))
    return [edition.id];
  return move(office, deliveries, { from: ['failed', 'bounced'], to: 'pending' });
});

/** Keeps an edition from being made, or its deliveries or one of them from going out, until it is released. */
export const hold = change('hold', async (office, found) => {
  const reason = heldByOperator;
  const from = ['waiting', 'pending'] as const;
  if ('delivery' in found) return move(office, [found.delivery], { from, to: 'held', reason });
  const { edition } = found;
  const now = office.now();
  if (await office.ledger.moveEdition(edition.id, { from: ['queued'], to: 'held', reason, now }))
    return [edition.id];
  const deliveries = await office.ledger.deliveries({ edition: edition.id });
  return move(office, deliveries, { from, to: 'held', reason });
});

/** Lets go on what is held. */
export const release = change('release', async (office, found) => {
  await refuseReplaced(office, found);
  if ('delivery' in found) {
    await refuseUnapproved(office, found.delivery);
    return move(office, [found.delivery], { from: ['held'], to: 'pending' });
  }
  const { edition } = found;
  const now = office.now();
  if (await office.ledger.moveEdition(edition.id, { from: ['held'], to: 'queued', reason: null, now }))
    return [edition.id];
  await refuseUnapproved(office, edition);
  const deliveries = await office.ledger.deliveries({ edition: edition.id });
  return move(office, deliveries, { from: ['held'], to: 'pending' });
});

/**
 * Ends an edition that is not made, or deliveries that are not out. Of one delivery that has come to rest, and of which
 * nobody knows whether it arrived, it says that it did not.
 */
export const cancel = change('cancel', async (office, found) => {
  const reason = 'Cancelled by the operator.';
  const from = ['waiting', 'pending', 'held'] as const;
  if ('delivery' in found) {
    const { state, mayHaveArrived } = found.delivery;
    return mayHaveArrived && isAtRest(state)
      ? move(office, [found.delivery], {
          from: [state],
          to: 'cancelled',
          reason: `${reason} It counts as not arrived.`,
          didNotArrive: true,
        })
      : move(office, [found.delivery], { from, to: 'cancelled', reason });
  }
  const { edition } = found;
  const now = office.now();
  const open = ['queued', 'rendering', 'held', 'failed'] as const;
  if (await office.ledger.moveEdition(edition.id, { from: open, to: 'cancelled', reason, now }))
    return [edition.id];
  const deliveries = await office.ledger.deliveries({ edition: edition.id });
  return move(office, deliveries, { from, to: 'cancelled', reason });
});

const isAtRest = (state: DeliveryState): boolean =>
  state === 'held' || state === 'failed' || state === 'bounced' || state === 'cancelled';

/** Sends an edition again to one of its targets: a copy, with an id of its own. */
export const resend = operation(z.strictObject({ id: z.string(), to: z.string() }), (office, { id, to }) =>
  changing(office, { what: 'resend', id, details: { to } }, (found) => sendCopy(office, found, to)),
);

async function sendCopy(office: Office, found: Found, to: string): Promise<string[]> {
  const edition = 'delivery' in found ? await editionOf(office, found.delivery.edition) : found.edition;
  const { config } = await office.loadBrief(edition.brief);
  const target = config.deliver.find((each) => addressOf(each).address === to);
  if (target === undefined)
    throw refused(`${edition.brief} has no target "${to}".`, 'Name one of deliver in its brief.yaml.');
  if (edition.card === null) throw refused(`${edition.id} was never made.`, 'Retry it first.');
  await refuseReplaced(office, { edition });
  await refuseUnapproved(office, edition);
  const { channel, address } = addressOf(target);
  const before = (await office.ledger.deliveries({ edition: edition.id })).filter(
    (each) => each.address === address,
  );
  // One that waits for approval goes out with the rest: a copy beside it would arrive twice.
  if (before.some(({ state }) => state === 'waiting' || state === 'pending' || state === 'sending'))
    throw refused(`${edition.id} is on its way to ${address}.`, 'Wait for it to settle.');
  const copy: NewDelivery = {
    channel,
    address,
    content: edition.card.pdf === null ? 'notice' : 'edition',
    copy: Math.max(-1, ...before.map((each) => each.copy)) + 1,
    target,
    heldBecause: beyondClearance(target, edition.card.marking),
  };
  return office.ledger.addDeliveries(edition.id, [copy], office.now());
}
