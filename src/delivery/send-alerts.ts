import { alertLine, wordsOf } from './alert.ts';
import {
  type Attempted,
  deliverEdition,
  type DeliveryDependencies,
  inTime,
  interruptedTooOften,
  keepTrying,
  settle,
} from './deliver-edition.ts';
import { alertMessage, type Message } from './message.ts';
import { today } from '../calendar.ts';
import { hashOf } from '../hash.ts';
import { type DeliveryRecord, type EditionRecord, isForRecipients } from '../ledger/records.ts';
import type { Job, Ledger } from '../ledger/types.ts';
import { target } from '../project/target.ts';

/** Number of alerts listed in a message; the rest are only counted. */
const MOST_LISTED = 50;

/** Sends a delivery: an edition to a recipient, or an alert to the operator together with all other waiting alerts. */
export async function sendDelivery(job: Job, dependencies: DeliveryDependencies): Promise<void> {
  const [found] = await dependencies.ledger.deliveries({ id: job.id });
  if (found === undefined) return;
  await (isForRecipients(found.content) ? deliverEdition(job, dependencies) : sendAlerts(job, dependencies));
}

/** Sends all waiting alerts as one message. The report of a dead mail server must not depend on that server. */
async function sendAlerts({ id, job, signal }: Job, dependencies: DeliveryDependencies): Promise<void> {
  const { ledger, log, locale, alertEverySeconds: everySeconds } = dependencies;
  const alerts = await ledger.claimAlerts(id, { job, now: dependencies.now(), everySeconds });
  const [first] = alerts;
  if (first === undefined) return;
  const fields = { alerts: alerts.length, channel: first.channel, attempt: first.attempt };
  log.info(fields, 'sending alerts');
  const message = await digestOf(alerts, dependencies);
  const receipt = await inTime(signal, dependencies, async (limited): Promise<Attempted> => {
    const interruptions = Math.max(...alerts.map((alert) => alert.interruptions));
    const tooOften = interruptedTooOften(interruptions, locale);
    if (tooOften) return tooOften;
    const to = target.safeParse(first.target);
    if (!to.success) return { outcome: 'held', reason: locale.text('mail.reason.operator_forgotten') };
    limited.throwIfAborted();
    return dependencies.deliver(message, { target: to.data, signal: limited });
  });
  // The time limit for mail does not apply here, because a silent mail server may have used it up.
  const other =
    receipt.outcome === 'sent' || signal.aborted
      ? null
      : await dependencies.alertOtherwise(message, {
          reason: receipt.reason,
          isFirstTry: alerts.some((alert) => alert.attempt <= 1),
          signal,
        });
  const byWebhook = { detail: other?.reason ?? '', reason: receipt.reason };
  const last: Attempted =
    other?.outcome === 'sent'
      ? { outcome: 'sent', reason: locale.text('mail.reason.alert_by_webhook', byWebhook) }
      : receipt;
  const now = dependencies.now();
  const settled = alerts.map((alert) => ({ alert, settlement: settle(last, alert, dependencies) }));
  // Each alert has its own time limit, so a new one must not fail together with the oldest.
  for (const group of Map.groupBy(settled, ({ settlement }) => settlement.state).values()) {
    const settlement = group[0]?.settlement;
    // Alerts never need approval.
    if (settlement === undefined || settlement.state === 'waiting') continue;
    const sent = group.map(({ alert }) => alert);
    await keepTrying(signal, () => ledger.settleAlerts(sent, settlement, { now }));
  }
  const outcome = { ...fields, outcome: last.outcome, reason: settled[0]?.settlement.reason };
  if (receipt.outcome === 'sent') log.info(outcome, 'The operator was alerted.');
  else log.error(outcome, 'The alerts were not accepted.');
}

/** Combines alerts into one message. Its id depends only on them, so that a repeated message shows once. */
async function digestOf(
  alerts: readonly DeliveryRecord[],
  { ledger, locale, now }: Pick<DeliveryDependencies, 'now' | 'locale'> & { ledger: Ledger },
): Promise<Message> {
  const found: { alert: DeliveryRecord; edition: EditionRecord }[] = [];
  const inOrder = alerts.toSorted((a, b) => (`${a.edition} ${a.id}` < `${b.edition} ${b.id}` ? -1 : 1));
  for (const alert of inOrder.slice(0, MOST_LISTED)) {
    const edition = await ledger.edition(alert.edition);
    if (edition) found.push({ alert, edition });
  }
  const [only] = found;
  if (alerts.length === 1 && only && !isForRecipients(only.alert.content)) {
    const { id, brief, asOf } = only.edition;
    const deliveries = await ledger.deliveries({ edition: id });
    const words = wordsOf(only.alert.content, only.edition, { deliveries, locale });
    return alertMessage({ id: only.alert.id, edition: id, brief, asOf, ...words });
  }
  const lines = found.flatMap(({ alert: { content }, edition }) =>
    isForRecipients(content) ? [] : [alertLine(content, edition, locale)],
  );
  const more = alerts.length - lines.length;
  return alertMessage({
    id: hashOf(Buffer.from(inOrder.map(({ id }) => id).join())).slice(0, 32),
    asOf: today(now(), 'UTC'),
    title: locale.text('mail.alert.several', { count: alerts.length }),
    paragraphs: [
      ...lines,
      ...(more > 0 ? [locale.text('mail.alert.more', { count: more })] : []),
      locale.text('mail.alert.several_commands'),
    ],
  });
}
