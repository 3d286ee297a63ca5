import { hashToApprove, waitsForApproval } from '../ledger/approval.ts';
import { splitEditionId } from '../ledger/edition-id.ts';
import { type DeliveryRecord, type EditionRecord, recipientsOf } from '../ledger/edition.ts';
import type { AuditRecord, Caller } from '../ledger/principal.ts';
import type { Tally } from '../ledger/types.ts';
import type { DeliveryView, EditionView } from '../ledger/views.ts';
import { redactAddress, redactAddresses } from '../log.ts';
import type { Channel } from '../project/target.ts';

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
