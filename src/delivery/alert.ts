import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hashToApprove } from '../ledger/approval.ts';
import type { Content, DeliveryRecord, EditionRecord, NewDelivery } from '../ledger/edition.ts';
import type { Ledger } from '../ledger/types.ts';
import { addressOf, type Target } from '../project/target.ts';
import type { Parcel } from './message.ts';

type Alert = Exclude<Content, 'edition' | 'notice'>;

/**
 * Where alerts go: to the operator's mailbox, or to a webhook. They name editions, and none of their contents, so they
 * may go there under any marking.
 */
export const operatorTarget = (operator: string): Target =>
  URL.canParse(operator)
    ? { webhook: operator, clearance: 'TLP:RED', only: {} }
    : { email: operator, clearance: 'TLP:RED', afterCrash: 'resend', only: {} };

/** An alert, once for each kind, edition and `copy`, which tells apart those that come to be true again. */
export function alertTo(operator: string, content: Alert, copy = 0): NewDelivery {
  const to = operatorTarget(operator);
  return { ...addressOf(to), content, copy, target: to, heldBecause: null };
}

/** Word that something of an edition did not go out: once more when the word before is out, which did not tell of it. */
export async function undeliveredAlertTo(
  operator: string,
  { edition, ledger }: { edition: string; ledger: Ledger },
): Promise<NewDelivery> {
  const told = (await ledger.deliveries({ edition })).filter(
    ({ content, state }) => content === 'undelivered' && state !== 'pending',
  );
  return alertTo(operator, 'undelivered', told.length);
}

/** Word that an edition waits for approval: once more after each decision, and each time that it was made again. */
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

/** What an alert says in one line, as things are when it is sent. */
export const alertLine = (content: Alert, { id, state }: EditionRecord): string =>
  `${id} ${headings[content]}. Its state is now: ${state}.`;

/** What an alert says, as things are when it is sent. */
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
    // What holds an edition quotes it, and mail is not the place for that, whoever reads it.
    ...(reason === null ? [] : [`"sitrep runs --edition ${id}" shows why.`]),
    // The operator is told which, and not who: alerts go over the same mail.
    ...stuck.map(
      (each) => `Delivery ${each.id.slice(0, 8)} (${each.channel}) is ${each.state}: ${each.reason ?? ''}`,
    ),
    ...(hash === null ? [] : [`"sitrep approve ${id} --sha256 ${hash}" lets out what has this hash alone.`]),
    `See "sitrep deliveries --edition ${id}"; "sitrep retry ${id}" tries again.`,
  ];
  return { title: `Sitrep: ${id} ${headings[content]}`, paragraphs };
}

/** Appends an alert to a file, a JSON object on one line, for when nobody can be reached. Alerts hold no addresses. */
export async function appendAlert(
  file: string,
  { at, parcel, reason }: { at: Date; parcel: Pick<Parcel, 'title' | 'paragraphs'>; reason: string },
): Promise<void> {
  const { title, paragraphs } = parcel;
  await mkdir(dirname(file), { recursive: true });
  await appendFile(
    file,
    `${JSON.stringify({ time: at.toISOString(), title, paragraphs, notMailed: reason })}\n`,
  );
}
