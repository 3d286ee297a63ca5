import { z } from 'zod';
import { day } from '../calendar.ts';
import { markingsWithin } from '../dataset/fields.ts';
import { AppError, type Fault } from '../errors.ts';
import { hashToApprove, waitsForApproval } from '../ledger/approval.ts';
import { splitEditionId } from '../ledger/edition-id.ts';
import {
  type DeliveryRecord,
  deliveryStates,
  type EditionRecord,
  editionStates,
  recipientsOf,
  storable,
} from '../ledger/edition.ts';
import { type AuditRecord, type Caller, maySee, seesAll } from '../ledger/principal.ts';
import type { Tally, Visibility } from '../ledger/types.ts';
import type { DeliveryView, EditionView } from '../ledger/views.ts';
import { redactAddress, redactAddresses } from '../log.ts';
import type { Brief } from '../project/brief.ts';
import type { Channel } from '../project/target.ts';
import type { OperatorContext } from './context.ts';

type Briefs = Pick<OperatorContext, 'briefIds' | 'loadBrief'>;

/** A readable brief, or the faults that make it unreadable. */
export type Readable =
  { readonly id: string; readonly brief: Brief } | { readonly id: string; readonly faults: readonly Fault[] };

/**
 * The briefs that a caller may see. A brief that cannot be read has no marking, so only callers with the highest
 * clearance see it.
 */
export async function visibleBriefs(context: Briefs, caller: Caller): Promise<Readable[]> {
  const all = await Promise.all((await context.briefIds()).map((id) => readable(context, id)));
  return all.filter((each) =>
    'brief' in each ? maySee(caller, each.brief.config.marking) : seesAll(caller),
  );
}

async function readable({ loadBrief }: Briefs, id: string): Promise<Readable> {
  try {
    return { id, brief: await loadBrief(id) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { id, faults: error.faults };
  }
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
export function addressShown(
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
