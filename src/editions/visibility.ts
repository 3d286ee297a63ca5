import { z } from 'zod';
import type { OperatorContext } from './context.ts';
import { lastDayOver } from './request.ts';
import { day } from '../calendar.ts';
import { markingsWithin } from '../dataset/fields.ts';
import { AppError, type Fault, meantBy, onAppError } from '../errors.ts';
import { splitEditionId } from '../ledger/edition-id.ts';
import { type AuditRecord, type Caller, maySee, seesAll } from '../ledger/principal.ts';
import {
  type DeliveryRecord,
  deliveryStates,
  type EditionRecord,
  editionStates,
  hashToApprove,
  recipientsOf,
  storable,
  waitsForApproval,
} from '../ledger/records.ts';
import type { Tally, Visibility } from '../ledger/types.ts';
import type { BriefDetail, BriefView, DeliveryView, EditionView } from '../ledger/views.ts';
import { redactAddress, redactAddresses } from '../log.ts';
import type { Brief } from '../project/brief.ts';
import { addressOf, type Channel } from '../project/target.ts';
import { comingSlots } from '../scheduler/slots.ts';

type Briefs = Pick<OperatorContext, 'briefIds' | 'loadBrief'>;

/** A readable brief, or the faults that make it unreadable. */
type Readable =
  { readonly id: string; readonly brief: Brief } | { readonly id: string; readonly faults: readonly Fault[] };

/**
 * The briefs that a caller may see. A brief that cannot be read has no marking, so only callers with the highest
 * clearance see it.
 */
async function visibleBriefs({ briefIds, loadBrief }: Briefs, caller: Caller): Promise<Readable[]> {
  const all = (await briefIds()).map((id) =>
    loadBrief(id).then(
      (brief): Readable => ({ id, brief }),
      onAppError(({ faults }) => ({ id, faults })),
    ),
  );
  return (await Promise.all(all)).filter((each) =>
    'brief' in each ? maySee(caller, each.brief.config.marking) : seesAll(caller),
  );
}

/** Throws `brief-unknown` for a brief that the caller may not see. */
export async function visibleBrief(context: Briefs, caller: Caller, id: string): Promise<Readable> {
  const seen = await visibleBriefs(context, caller);
  const found = seen.find((each) => each.id === id);
  if (found) return found;
  const ids = seen.map((each) => each.id);
  throw new AppError('brief-unknown', {
    problem: `There is no brief "${id}".`,
    hint: ids.length === 0 ? 'There are none.' : meantBy(id, ids),
  });
}

/** The caller's visibility. Undefined means everything, including data without a marking, unless `ofAll` is set. */
export async function visibilityOf(
  context: Briefs,
  caller: Caller,
  { ofAll = false }: { ofAll?: boolean } = {},
): Promise<Visibility | undefined> {
  if (seesAll(caller) && !ofAll) return undefined;
  return {
    markings: markingsWithin(caller.clearance),
    briefs: (await visibleBriefs(context, caller)).map(({ id }) => id),
  };
}

const named = storable.max(500);
const ofBrief = named.optional().describe('Only this brief');
const ofEdition = named.optional().describe('Only this edition, such as weekly/2021-08-22');
const part = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('Maximum number of items, up to 200'),
  after: z.string().max(500).optional().describe('The cursor of the page: `next` of the page before'),
};

/** Filters of lists. */
export const editionsQuery = z.strictObject({
  brief: ofBrief,
  state: z.enum(editionStates).optional().describe('Only this state'),
  from: day.optional().describe('Only periods that end on this day or later'),
  to: day.optional().describe('Only periods that end on this day or earlier'),
  ...part,
});
export const deliveriesQuery = z.strictObject({
  brief: ofBrief,
  edition: ofEdition,
  state: z.enum(deliveryStates).optional().describe('Only this state'),
  ...part,
});
export const auditQuery = z.strictObject({
  edition: ofEdition,
  who: named.optional().describe('Only changes by this token, "command line" or "this machine"'),
  ...part,
});

/** Records as shown to callers. Callers with read access do not see complete addresses. */
export function editionShown(caller: Caller, record: EditionRecord, deliveries: Tally): EditionView {
  const { folder: _, card, attempt: __, ...edition } = record;
  return {
    ...edition,
    reason: wordsShown(caller, edition.reason),
    name: splitEditionId(edition.id).name,
    title: card?.title ?? null,
    issue: card?.issue ?? null,
    marking: card?.marking ?? null,
    summary: card?.paragraphs ?? [],
    deliveries,
    recipients: recipientsOf(deliveries),
    files: record.folder === null ? [] : ['pdf', 'html', 'manifest'],
    toApprove: isToApprove(record, deliveries) ? hashToApprove(record) : null,
  };
}

/**
 * Whether there is something to approve: a generated edition is not approved, or waits again because its PDF was
 * altered.
 */
const isToApprove = (record: EditionRecord, { waiting = 0 }: Tally): boolean =>
  (record.state === 'rendered' || record.state === 'delivering' || record.state === 'done') &&
  (waitsForApproval(record) || (record.needsApproval && waiting > 0));

export function deliveryShown(caller: Caller, record: DeliveryRecord): DeliveryView {
  const { target: _, ...delivery } = record;
  const address = addressShown(caller, record);
  // Server answers often repeat the address.
  const reason = wordsShown(caller, record.reason?.replaceAll(record.address, address) ?? null);
  return { ...delivery, address, reason };
}

/** Keeps only the mail domain or webhook host for callers with read access. The rest is often secret. */
function addressShown(
  { may }: Caller,
  { channel, address }: { readonly channel: Channel; readonly address: string },
): string {
  if (may === 'operate') return address;
  if (channel === 'email') return redactAddress(address);
  return channel === 'webhook' && URL.canParse(address) ? new URL(address).origin : address;
}

export function auditShown(caller: Caller, entry: AuditRecord): AuditRecord {
  if (caller.may === 'operate') return entry;
  const { to: _, ...details } = entry.details;
  return { ...entry, details };
}

export const wordsShown = ({ may }: Caller, words: string | null): string | null =>
  may === 'operate' || words === null ? words : redactAddresses(words);

/** The cursor of a list's next page. It is opaque to callers, and invalid cursors are refused. */
export const writeCursor = (keys: readonly string[]): string =>
  Buffer.from(JSON.stringify(keys)).toString('base64url');

/** The values of a cursor. Throws if they do not have the form `keys`. */
export function readCursor<T extends z.ZodType>(keys: T, text: string | undefined): z.output<T> | undefined {
  if (text === undefined) return undefined;
  let given: unknown;
  try {
    given = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    given = undefined;
  }
  const parsed = keys.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new z.ZodError([
    { code: 'custom', path: ['after'], message: 'is not the "next" of a list', input: text },
  ]);
}
export const editionCursor = z
  .tuple([storable, z.string().regex(/^[1-9]\d{0,8}$/), storable])
  .transform(([asOf, revision, id]) => ({ asOf, revision: Number(revision), id }));
export const deliveryCursor = z
  .tuple([z.iso.datetime(), storable, storable])
  .transform(([createdAt, edition, id]) => ({ createdAt: new Date(createdAt), edition, id }));
export const auditCursor = z.tuple([z.string().regex(/^\d{1,15}$/)]).transform(([id]) => Number(id));

/** What is known of a brief that cannot be read. */
const nothingOf = (id: string): BriefView => ({
  id,
  title: id,
  subject: '',
  marking: null,
  paper: null,
  schedule: null,
  next: null,
  latest: null,
  editions: {},
  faults: [],
});
const noDetails = { parameters: {}, forEach: null, lastAsOf: null, targets: [] };
export const unreadable = (id: string): BriefDetail => ({ ...nothingOf(id), ...noDetails });

/** Briefs as a caller sees them. */
export function openBriefViews(context: OperatorContext) {
  const { ledger } = context;
  const datasetFaults = ({ config }: Brief): Promise<readonly Fault[]> =>
    context.loadDataset(config.dataset).then(
      () => [],
      onAppError(({ faults }) => faults),
    );
  const view = async (
    caller: Caller,
    each: Readable,
    visibility: Visibility | undefined,
  ): Promise<BriefView> => {
    const { id } = each;
    const [latest = null] = await ledger.editions({ brief: id, visibility, limit: 1 });
    const deliveries = latest && (await ledger.deliveryCounts([latest.id])).get(latest.id);
    const { editions } = await ledger.counts({ brief: id, visibility });
    const common = { id, latest: latest && editionShown(caller, latest, deliveries ?? {}), editions };
    if (!('brief' in each)) return { ...nothingOf(id), ...common, faults: [...each.faults] };
    const { title, subject, marking, paper, schedule } = each.brief.config;
    const { cron, timezone } = schedule;
    const [next = null] = comingSlots(schedule, context.now(), 1);
    // Faults may quote rows, so they are only for callers with the highest clearance.
    const faults = seesAll(caller) ? await datasetFaults(each.brief) : [];
    return {
      ...common,
      title,
      subject,
      marking,
      paper,
      schedule: { cron, timezone },
      next,
      faults: [...faults],
    };
  };

  return {
    async briefs(caller: Caller): Promise<BriefView[]> {
      const visibility = await visibilityOf(context, caller);
      const seen = await visibleBriefs(context, caller);
      return Promise.all(seen.map((each) => view(caller, each, visibility)));
    },

    async brief(caller: Caller, id: string): Promise<BriefDetail> {
      const found = await visibleBrief(context, caller, id);
      const common = await view(caller, found, await visibilityOf(context, caller));
      if (!('brief' in found)) return { ...common, ...noDetails };
      const { parameters, forEach, deliver } = found.brief.config;
      return {
        ...common,
        parameters,
        forEach,
        lastAsOf: lastDayOver(found.brief, context.now()),
        targets: deliver.map((target) => {
          const { channel, address } = addressOf(target);
          const { clearance } = target;
          return { channel, address: addressShown(caller, { channel, address }), clearance };
        }),
      };
    },
  };
}
