import { folderDelivery } from './folder.ts';
import { openMail } from './mail.ts';
import type { Deliver, Message, Receipt } from './message.ts';
import { type DeliverySettings, refusalOf } from './settings.ts';
import type { SmtpLimits } from './smtp.ts';
import { webhookDelivery, type WebhookLimits } from './webhook.ts';
import type { Locale } from '../locale.ts';

export interface Delivery extends AsyncDisposable {
  readonly deliver: Deliver;
  /** Sends a message without an edition to test the settings. The outcome is `held` if the settings do not allow it. */
  testMail(to: { readonly address: string; readonly signal: AbortSignal }): Promise<Receipt>;
}

/**
 * Delivery by all channels. Immediately before sending, it repeats the checks made when the brief was loaded, because
 * settings and clearances may have changed since.
 */
export function openDelivery({
  settings,
  foldersRoot,
  now,
  locale,
  limits = {},
}: {
  settings: DeliverySettings;
  foldersRoot: string;
  now: () => Date;
  /** The words of mail, and of the reasons that the ledger records. */
  locale: Locale;
  limits?: { readonly smtp?: Partial<SmtpLimits>; readonly webhook?: Partial<WebhookLimits> };
}): Delivery {
  const mail = settings.mail && openMail(settings.mail, { now, locale, limits: limits.smtp ?? {} });
  const webhook = settings.webhook && webhookDelivery(settings.webhook, { now, locale, ...limits.webhook });
  const folder = folderDelivery(foldersRoot, locale);

  const deliver: Deliver = async (message, to) => {
    const refusal = refusalOf(to.target, message.marking, settings);
    if (refusal !== undefined) return { outcome: 'held', reason: `${refusal.problem} ${refusal.hint}` };
    const channel = 'email' in to.target ? mail?.deliver : 'webhook' in to.target ? webhook : folder;
    // A channel without settings was refused above.
    if (!channel) throw new TypeError('There is no channel for the target.');
    return channel(message, to);
  };

  return {
    deliver,
    testMail: ({ address, signal }) =>
      deliver(testMessage(now(), locale), {
        target: { email: address, clearance: 'TLP:CLEAR', only: {}, afterCrash: 'hold' },
        signal,
      }),
    async [Symbol.asyncDispose]() {
      await mail?.[Symbol.asyncDispose]();
    },
  };
}

const testMessage = (at: Date, { text }: Locale): Message => ({
  id: `test-${at.getTime()}`,
  kind: 'alert',
  edition: 'test',
  brief: 'test',
  title: text('mail.test.title'),
  issue: 'test',
  asOf: at.toISOString().slice(0, 10),
  marking: 'TLP:CLEAR',
  correction: null,
  paragraphs: [text('mail.test.text')],
  highlights: null,
  pdf: null,
});
