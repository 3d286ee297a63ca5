import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hashToApprove } from '../ledger/approval.ts';
import type { Content, DeliveryRecord, EditionRecord, NewDelivery } from '../ledger/edition.ts';
import type { Ledger } from '../ledger/types.ts';
import { addressOf, type Target } from '../project/target.ts';
import type { Message } from './message.ts';

type Alert = Exclude<Content, 'edition' | 'notice'>;

/**
 * The target for alerts: the operator's mailbox or a webhook. Alerts name editions without quoting them, so they are
 * allowed under any marking.
 */
export const operatorTarget = (operator: string): Target =>
  URL.canParse(operator)
    ? { webhook: operator, clearance: 'TLP:RED', only: {} }
    : { email: operator, clearance: 'TLP:RED', afterCrash: 'resend', only: {} };

/** An alert, sent once for each kind, edition and `copy`. A new `copy` repeats an alert that applies again. */
export function alertTo(operator: string, content: Alert, copy = 0): NewDelivery {
  const to = operatorTarget(operator);
  return { ...addressOf(to), content, copy, target: to, heldBecause: null };
}

/**
 * The alert that part of an edition was not delivered. It is repeated if the previous alert has already gone out and so
 * did not mention it.
 */
export async function undeliveredAlertTo(
  operator: string,
  { edition, ledger }: { edition: string; ledger: Ledger },
): Promise<NewDelivery> {
  const told = (await ledger.deliveries({ edition })).filter(
    ({ content, state }) => content === 'undelivered' && state !== 'pending',
  );
  return alertTo(operator, 'undelivered', told.length);
}

/** The alert that an edition waits for approval. It is repeated after each decision and each run. */
export async function approvalAlertTo(
  operator: string,
  { edition, ledger }: { edition: string; ledger: Ledger },
): Promise<NewDelivery> {
  const [decisions, runs] = [await ledger.approvals(edition), await ledger.runs({ edition })];
  return alertTo(operator, 'approval', decisions.length + runs.length);
}

const headings = {
  held: 'is held',
  failed: 'failed',
  late: 'is late',
  'left-out': 'was issued on other paper before, so that its slot is left out',
  undelivered: 'did not reach everybody',
  approval: 'waits for approval',
} as const satisfies { readonly [content in Alert]: string };

/** An alert in one line, with the edition's current state. */
export const alertLine = (content: Alert, { id, state }: EditionRecord): string =>
  `${id} ${headings[content]}. Its state is now: ${state}.`;

/** The title and text of an alert, with the current states. */
export function wordsOf(
  content: Alert,
  edition: EditionRecord,
  deliveries: readonly DeliveryRecord[],
): { title: string; paragraphs: string[] } {
  const { id, reason } = edition;
  const stuck = deliveries.filter((each) => ['waiting', 'bounced', 'failed', 'held'].includes(each.state));
  const hash = content === 'approval' ? hashToApprove(edition) : null;
  const paragraphs = [
    alertLine(content, edition),
    // The reasons may quote the edition, whose text must not go out by mail.
    ...(reason === null ? [] : [`"sitrep runs --edition ${id}" shows why.`]),
    // The alert identifies deliveries without their recipients, because it goes out by mail.
    ...stuck.map(
      (each) => `Delivery ${each.id.slice(0, 8)} (${each.channel}) is ${each.state}: ${each.reason ?? ''}`,
    ),
    ...(hash === null ? [] : [`"sitrep approve ${id} --sha256 ${hash}" lets out what has this hash alone.`]),
    `See "sitrep deliveries --edition ${id}"; "sitrep retry ${id}" tries again.`,
  ];
  return { title: `Sitrep: ${id} ${headings[content]}`, paragraphs };
}

/**
 * Appends an alert to a file as a line of JSON, for when the operator cannot be reached. Alerts contain no addresses.
 */
export async function appendAlert(
  file: string,
  { at, message, reason }: { at: Date; message: Pick<Message, 'title' | 'paragraphs'>; reason: string },
): Promise<void> {
  const { title, paragraphs } = message;
  await mkdir(dirname(file), { recursive: true });
  await appendFile(
    file,
    `${JSON.stringify({ time: at.toISOString(), title, paragraphs, notMailed: reason })}\n`,
  );
}
