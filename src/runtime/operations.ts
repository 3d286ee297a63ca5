import { z } from 'zod';
import { day } from '../model/calendar.ts';
import { deliveryStates, editionStates, type NewDelivery } from '../model/edition.ts';
import { AppError } from '../model/fault.ts';
import { addressOf, beyondClearance } from '../model/target.ts';
import { editionOf, find, move, operation, refused, tally } from './office.ts';
import { refuseReplaced, reissue, revised } from './reissue.ts';
import { editionsBetween } from './scheduler.ts';
import { approve, disapprove, isStillToApprove, refuseUnapproved } from './sign-off.ts';

const limit = z.number().int().positive().max(100_000).optional();
const single = z.strictObject({ id: z.string() });

/**
 * What an operator can ask of a ledger. Arguments and answers are JSON, so that a command reaches the process which
 * holds the ledger with the same words. They throw `edition-unknown`, `brief-unknown` and `operation-refused`.
 */
export const operations = {
  approve,
  disapprove,
  reissue,
  revised,

  /** Editions, the newest period first, with what became of their deliveries. */
  runs: operation(
    z.strictObject({
      brief: z.string().optional(),
      state: z.enum(editionStates).optional(),
      edition: z.string().optional(),
      limit,
    }),
    async ({ ledger }, filter) => {
      const editions = await ledger.editions(filter);
      const deliveries = await ledger.deliveries({
        brief: filter.brief,
        edition: filter.edition,
        limit: 100_000,
      });
      const { edition: one } = filter;
      const details =
        one === undefined
          ? {}
          : { runs: await ledger.runs({ edition: one }), approvals: await ledger.approvals(one) };
      return editions.map((edition) => ({
        ...edition,
        deliveries: tally(deliveries.filter((each) => each.edition === edition.id)),
        ...details,
      }));
    },
  ),

  deliveries: operation(
    z.strictObject({
      brief: z.string().optional(),
      state: z.enum(deliveryStates).optional(),
      edition: z.string().optional(),
      limit,
    }),
    ({ ledger }, filter) => ledger.deliveries(filter),
  ),

  /** Makes an edition again that was not made, or sends again what of it failed; or one delivery. */
  retry: operation(single, async (office, { id }) => {
    const found = await find(office, id);
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
    const again = { from: ['delivering'], to: 'queued', reason: null, now } as const;
    if (isStillToApprove(edition, deliveries) && (await office.ledger.moveEdition(edition.id, again)))
      return [edition.id];
    return move(office, deliveries, { from: ['failed', 'bounced'], to: 'pending' });
  }),

  /** Sends an edition again to one of its targets: a copy, with an id of its own. */
  resend: operation(z.strictObject({ id: z.string(), to: z.string() }), async (office, { id, to }) => {
    const found = await find(office, id);
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
    if (before.some(({ state }) => state === 'pending' || state === 'sending'))
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
  }),

  /** Keeps an edition from being made, or its deliveries or one of them from going out, until it is released. */
  hold: operation(single, async (office, { id }) => {
    const found = await find(office, id);
    const reason = 'Held by the operator.';
    const from = ['waiting', 'pending'] as const;
    if ('delivery' in found) return move(office, [found.delivery], { from, to: 'held', reason });
    const { edition } = found;
    const now = office.now();
    if (await office.ledger.moveEdition(edition.id, { from: ['queued'], to: 'held', reason, now }))
      return [edition.id];
    return move(office, await office.ledger.deliveries({ edition: edition.id }), {
      from,
      to: 'held',
      reason,
    });
  }),

  /** Lets go on what is held. */
  release: operation(single, async (office, { id }) => {
    const found = await find(office, id);
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
    return move(office, await office.ledger.deliveries({ edition: edition.id }), {
      from: ['held'],
      to: 'pending',
    });
  }),

  /** Ends an edition that is not made, or deliveries that are not out. */
  cancel: operation(single, async (office, { id }) => {
    const found = await find(office, id);
    const reason = 'Cancelled by the operator.';
    const from = ['waiting', 'pending', 'held'] as const;
    if ('delivery' in found) return move(office, [found.delivery], { from, to: 'cancelled', reason });
    const { edition } = found;
    const now = office.now();
    const open = ['queued', 'rendering', 'held', 'failed'] as const;
    if (await office.ledger.moveEdition(edition.id, { from: open, to: 'cancelled', reason, now }))
      return [edition.id];
    return move(office, await office.ledger.deliveries({ edition: edition.id }), {
      from,
      to: 'cancelled',
      reason,
    });
  }),

  /** Asks for the editions of all slots of a brief between two days, both included. Gives all, and which are new. */
  backfill: operation(
    z.strictObject({ brief: z.string(), from: day, to: day, deliver: z.boolean() }),
    async (office, { brief: id, from, to, deliver }) => {
      const ids = await office.briefIds();
      if (!ids.includes(id))
        throw new AppError('brief-unknown', [
          { problem: `There is no brief "${id}".`, mend: `Name one of ${ids.join(', ')}.` },
        ]);
      const brief = await office.loadBrief(id);
      const asked = editionsBetween(brief, { from, to, reach: deliver ? 'all' : 'folders' });
      return { all: asked.map((each) => each.id), new: await office.ledger.request(asked, office.now()) };
    },
  ),

  /** Removes what was settled before an instant: editions with their files, or the addresses they went to. */
  prune: operation(
    z.strictObject({
      editionsBefore: z.iso.datetime().optional(),
      addressesBefore: z.iso.datetime().optional(),
    }),
    async ({ ledger, removeFiles }, { editionsBefore, addressesBefore }) => {
      const removed =
        editionsBefore === undefined ? [] : await ledger.removeEditions(new Date(editionsBefore));
      for (const { folder } of removed) if (folder !== null) await removeFiles(folder);
      const addresses =
        addressesBefore === undefined ? 0 : await ledger.forgetAddresses(new Date(addressesBefore));
      return { editions: removed.map(({ id }) => id), addresses };
    },
  ),
} as const;

export type OperationName = keyof typeof operations;

/** Calls an operation, in this process or in the one that holds the ledger. */
export type Operate = (name: OperationName, input: unknown) => Promise<unknown>;
