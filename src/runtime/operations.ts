import { z } from 'zod';
import type { Brief } from '../model/brief.ts';
import { day } from '../model/calendar.ts';
import { deliveryStates, editionStates, type NewDelivery } from '../model/edition.ts';
import { AppError } from '../model/fault.ts';
import { addressOf, beyondClearance } from '../model/target.ts';
import { askFor, wish } from './ask-for.ts';
import { editionOf, move, refused, type Found, type Office } from './office.ts';
import { changing, recorded } from './record.ts';
import { tokenOperations } from './tokens.ts';
import { limit, operation } from './operation.ts';
import { editionsBetween } from './scheduler.ts';

const one = z.strictObject({ id: z.string() });
/** One that changes an edition or one delivery. */
const change = (what: string, run: (office: Office, found: Found) => Promise<string[]>) =>
  operation(one, (office, { id }) => changing(office, { what, id }, (found) => run(office, found)));

/**
 * What an operator can ask of a ledger. Arguments and answers are JSON, so that a command reaches the process which
 * holds the ledger with the same words. They throw `edition-unknown`, `brief-unknown` and `operation-refused`.
 */
export const operations = {
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
      const deliveries = await ledger.deliveryCounts(editions.map(({ id }) => id));
      const runs = filter.edition === undefined ? [] : await ledger.runs({ edition: filter.edition });
      return editions.map((edition) => ({
        ...edition,
        deliveries: deliveries.get(edition.id) ?? {},
        ...(filter.edition !== undefined && { runs }),
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
  retry: change('retry', async (office, found) => {
    const now = office.now();
    if ('delivery' in found)
      return move(office, [found.delivery], {
        from: ['failed', 'bounced', 'held', 'cancelled'],
        to: 'pending',
      });
    const { edition } = found;
    const from = ['held', 'failed', 'cancelled', 'skipped'] as const;
    if (await office.ledger.moveEdition(edition.id, { from, to: 'queued', reason: null, now }))
      return [edition.id];
    const failed = await office.ledger.deliveries({ edition: edition.id });
    return move(office, failed, { from: ['failed', 'bounced'], to: 'pending' });
  }),

  /** Sends an edition again to one of its targets: a copy, with an id of its own. */
  resend: operation(z.strictObject({ id: z.string(), to: z.string() }), (office, { id, to }) =>
    changing(office, { what: 'resend', id, details: { to } }, (found) => resend(office, found, to)),
  ),

  /** Keeps an edition from being made, or its deliveries or one of them from going out, until it is released. */
  hold: change('hold', async (office, found) => {
    const reason = 'Held by the operator.';
    if ('delivery' in found) return move(office, [found.delivery], { from: ['pending'], to: 'held', reason });
    const { edition } = found;
    const now = office.now();
    if (await office.ledger.moveEdition(edition.id, { from: ['queued'], to: 'held', reason, now }))
      return [edition.id];
    return move(office, await office.ledger.deliveries({ edition: edition.id }), {
      from: ['pending'],
      to: 'held',
      reason,
    });
  }),

  /** Lets go on what is held. */
  release: change('release', async (office, found) => {
    if ('delivery' in found) return move(office, [found.delivery], { from: ['held'], to: 'pending' });
    const { edition } = found;
    const now = office.now();
    if (await office.ledger.moveEdition(edition.id, { from: ['held'], to: 'queued', reason: null, now }))
      return [edition.id];
    return move(office, await office.ledger.deliveries({ edition: edition.id }), {
      from: ['held'],
      to: 'pending',
    });
  }),

  /** Ends an edition that is not made, or deliveries that are not out. */
  cancel: change('cancel', async (office, found) => {
    const reason = 'Cancelled by the operator.';
    const from = ['pending', 'held'] as const;
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
      const brief = await briefNamed(office, id);
      const asked = editionsBetween(brief, { from, to, reach: deliver ? 'all' : 'folders' });
      const details = { brief: id, from, to, deliver };
      const added = await recorded(office, { what: 'backfill', edition: null, details }, () =>
        office.ledger.request(asked, office.now()),
      );
      return { all: asked.map((each) => each.id), new: added };
    },
  ),

  /** Asks for one edition; says whether it is new. */
  request: operation(wish.extend({ brief: z.string() }), async (office, { brief, ...asked }) =>
    askFor(office, { brief: await briefNamed(office, brief), ...asked }),
  ),

  /** Who changed what, the newest first. */
  audit: operation(
    z.strictObject({ edition: z.string().optional(), who: z.string().optional(), limit }),
    ({ ledger }, filter) => ledger.audit(filter),
  ),

  ...tokenOperations,

  /** Removes what was settled before an instant: editions with their files, or the addresses they went to. */
  prune: operation(
    z.strictObject({
      editionsBefore: z.iso.datetime().optional(),
      addressesBefore: z.iso.datetime().optional(),
    }),
    (office, asked) =>
      recorded(office, { what: 'prune', edition: null, details: definedOnly(asked) }, () =>
        prune(office, asked),
      ),
  ),
} as const;

export type OperationName = keyof typeof operations;

/** Calls an operation, in this process or in the one that holds the ledger. */
export type Operate = (name: OperationName, input: unknown) => Promise<unknown>;

async function briefNamed(office: Office, id: string): Promise<Brief> {
  const ids = await office.briefIds();
  if (ids.includes(id)) return office.loadBrief(id);
  throw new AppError('brief-unknown', [
    { problem: `There is no brief "${id}".`, mend: `Name one of ${ids.join(', ')}.` },
  ]);
}

async function resend(office: Office, found: Found, to: string): Promise<string[]> {
  const edition = 'delivery' in found ? await editionOf(office, found.delivery.edition) : found.edition;
  const { config } = await office.loadBrief(edition.brief);
  const target = config.deliver.find((each) => addressOf(each).address === to);
  if (target === undefined)
    throw refused(`${edition.brief} has no target "${to}".`, 'Name one of deliver in its brief.yaml.');
  if (edition.card === null) throw refused(`${edition.id} was never made.`, 'Retry it first.');
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
}

async function prune(
  { ledger, removeFiles }: Office,
  {
    editionsBefore,
    addressesBefore,
  }: { editionsBefore?: string | undefined; addressesBefore?: string | undefined },
) {
  const removed = editionsBefore === undefined ? [] : await ledger.removeEditions(new Date(editionsBefore));
  for (const { folder } of removed) if (folder !== null) await removeFiles(folder);
  const addresses =
    addressesBefore === undefined ? 0 : await ledger.forgetAddresses(new Date(addressesBefore));
  return { editions: removed.map(({ id }) => id), addresses };
}

const definedOnly = (given: { readonly [name: string]: string | undefined }): { [name: string]: string } =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
