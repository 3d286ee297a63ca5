import { today } from '../calendar.ts';
import { folderDelivery } from './folder.ts';
import { openMail, type SmtpLimits } from './mail.ts';
import { alertMessage, type Deliver, type Receipt } from './message.ts';
import { type DeliverySettings, refusalOf } from './settings.ts';
import { webhookDelivery, type WebhookLimits } from './webhook.ts';
import type { Locale } from '../locale.ts';

/** Checks each target again immediately before sending, because settings and clearances may have changed since. */
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
}) {
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
    /** Sends a message without an edition to test the settings. The outcome is `held` if they do not allow it. */
    testMail({ address, signal }: { address: string; signal: AbortSignal }): Promise<Receipt> {
      const message = alertMessage({
        id: `test-${now().getTime()}`,
        edition: 'test',
        brief: 'test',
        title: locale.text('mail.test.title'),
        asOf: today(now(), 'UTC'),
        paragraphs: [locale.text('mail.test.text')],
      });
      const target = { email: address, clearance: 'TLP:CLEAR', only: {}, afterCrash: 'hold' } as const;
      return deliver(message, { target, signal });
    },
    async [Symbol.asyncDispose]() {
      await mail?.[Symbol.asyncDispose]();
    },
  };
}
