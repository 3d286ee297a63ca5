import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Message } from './message.ts';
import {
  type Content,
  type DeliveryRecord,
  type EditionRecord,
  hashToApprove,
  type NewDelivery,
} from '../ledger/records.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Locale } from '../locale.ts';
import { addressOf, type Target } from '../project/target.ts';

type Alert = Exclude<Content, 'edition' | 'notice'>;

/** The operator's mailbox or webhook. Alerts quote no edition, so they are allowed under any marking. */
export const operatorTarget = (operator: string): Target =>
  URL.canParse(operator)
    ? { webhook: operator, clearance: 'TLP:RED', only: {} }
    : { email: operator, clearance: 'TLP:RED', afterCrash: 'resend', only: {} };

/** An alert, sent once for each kind, edition and `copy`. A new `copy` repeats an alert that applies again. */
export function alertTo(operator: string, content: Alert, copy = 0): NewDelivery {
  const to = operatorTarget(operator);
  return { ...addressOf(to), content, copy, target: to, heldBecause: null };
}

/** The alert that part of an edition was not delivered. It is repeated if the last one has already gone out. */
export async function undeliveredAlertTo(
  operator: string,
  { edition, ledger }: { edition: string; ledger: Ledger },
): Promise<NewDelivery> {
  const sent = (await ledger.deliveries({ edition })).filter(
    ({ content, state }) => content === 'undelivered' && state !== 'pending',
  );
  return alertTo(operator, 'undelivered', sent.length);
}

/** The alert that an edition waits for approval. It is repeated after each decision and each run. */
export async function approvalAlertTo(
  operator: string,
  { edition, ledger }: { edition: string; ledger: Ledger },
): Promise<NewDelivery> {
  const [decisions, runs] = [await ledger.approvals(edition), await ledger.runs({ edition })];
  return alertTo(operator, 'approval', decisions.length + runs.length);
}

/** An alert in one line, with the edition's current state. */
export const alertLine = (alert: Alert, { id: edition, state }: EditionRecord, { text }: Locale): string =>
  text('mail.alert.line', { heading: text('mail.alert.heading', { edition, alert }), state });

/** The title and text of an alert, with the current states. */
export function wordsOf(
  content: Alert,
  edition: EditionRecord,
  { deliveries, locale }: { deliveries: readonly DeliveryRecord[]; locale: Locale },
): { title: string; paragraphs: string[] } {
  const { text } = locale;
  const { id, reason } = edition;
  const stuck = deliveries.filter((each) => ['waiting', 'bounced', 'failed', 'held'].includes(each.state));
  const sha256 = content === 'approval' ? hashToApprove(edition) : null;
  const paragraphs = [
    alertLine(content, edition, locale),
    // The reasons may quote the edition, whose text must not go out by mail.
    ...(reason === null ? [] : [text('mail.alert.why', { edition: id })]),
    // The alert identifies deliveries without their recipients, because it goes out by mail.
    ...stuck.map((each) =>
      text('mail.alert.delivery', {
        id: each.id.slice(0, 8),
        channel: each.channel,
        state: each.state,
        reason: each.reason ?? '',
      }),
    ),
    ...(sha256 === null ? [] : [text('mail.alert.approve', { edition: id, sha256 })]),
    text('mail.alert.commands', { edition: id }),
  ];
  const heading = text('mail.alert.heading', { edition: id, alert: content });
  return { title: text('mail.alert.title', { heading }), paragraphs };
}

/** Appends an alert to a file as a line of JSON, for when the operator cannot be reached. It contains no addresses. */
export async function appendAlert(
  file: string,
  { at, message: { title, paragraphs }, reason }: { at: Date; message: Message; reason: string },
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, `${JSON.stringify({ time: at, title, paragraphs, notMailed: reason })}\n`);
}
