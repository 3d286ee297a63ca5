import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Locale } from '../locale.ts';
import type { Deliver, Message, Receipt } from './message.ts';
import type { WebhookSettings } from './settings.ts';

const webhookLimits = {
  /** For the whole call. */
  timeoutMs: 60_000,
  /** Maximum size of a PDF inside the call. A larger one is given by its hash and URL only. */
  maxInlineBytes: 10_000_000,
};
export type WebhookLimits = Readonly<typeof webhookLimits>;

/**
 * Posts the message as JSON to a webhook, signed according to Standard Webhooks (standardwebhooks.com).
 * `Idempotency-Key` lets the receiver recognise a repeated call, so an `unknown` delivery can be sent again. The caller
 * checks whether the host is allowed.
 *
 * If aborted before anything was sent, it rejects with the signal's reason; after that, the outcome is `unknown`.
 */
export function webhookDelivery(
  { secret }: WebhookSettings,
  { now, locale, ...given }: { now: () => Date; locale: Locale } & Partial<WebhookLimits>,
): Deliver {
  const { timeoutMs, maxInlineBytes } = { ...webhookLimits, ...given };
  const signer = new Webhook(secret);
  return async (message, { target, signal }) => {
    if (!('webhook' in target)) throw new TypeError('The target is no webhook.');
    const body = JSON.stringify(describe(message, maxInlineBytes));
    const at = now();
    using sending = watchSending(message.id);
    try {
      const response = await fetch(target.webhook, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Sitrep',
          'idempotency-key': message.id,
          'webhook-id': message.id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': signer.sign(message.id, at, body),
        },
        body,
        // The destination of a redirect was not checked, and the signature is not meant for it.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      // The body of the response is not needed, and may be endless.
      await response.body?.cancel();
      return receiptOf(response.status, locale);
    } catch (error) {
      if (!sending.begun) {
        signal.throwIfAborted();
        const cause = nameOf(error, locale);
        return { outcome: 'deferred', reason: locale.text('mail.reason.webhook_unreachable', { cause }) };
      }
      const cause = signal.aborted ? locale.text('mail.reason.cause_stopped') : nameOf(error, locale);
      return { outcome: 'unknown', reason: locale.text('mail.reason.webhook_unanswered', { cause }) };
    }
  };
}

/** The body of the call. Receivers rely on these names: you may add names, but never rename them. */
function describe(message: Message, maxInlineBytes: number): object {
  const { kind, edition, brief, title, issue, asOf, marking, paragraphs, pdf, correction } = message;
  const described = pdf && {
    name: pdf.name,
    sha256: pdf.sha256,
    bytes: pdf.content.length,
    url: pdf.url,
    contentBase64: pdf.content.length > maxInlineBytes ? null : Buffer.from(pdf.content).toString('base64'),
  };
  const corrected = {
    revision: correction?.revision ?? 1,
    replaces: correction?.replaces ?? null,
    correctedAsOf: correction?.asOf ?? null,
    changes: correction?.changes ?? [],
  };
  return { kind, edition, brief, title, issue, asOf, marking, paragraphs, pdf: described, ...corrected };
}

/** Status codes that ask for a retry. */
const passing = [408, 425, 429];
/** Either a call with the same key is in progress, or a proxy got no answer from the receiver. */
const unclear = [409, 502, 504];

function receiptOf(code: number, { text }: Locale): Receipt {
  const status = String(code);
  if (code >= 200 && code < 300) return { outcome: 'sent', reason: `HTTP ${status}` };
  const reason = text('mail.reason.webhook_answered', { status });
  if (unclear.includes(code)) return { outcome: 'unknown', reason };
  if (code >= 500 || passing.includes(code)) return { outcome: 'deferred', reason };
  if (code >= 300 && code < 400)
    return { outcome: 'bounced', reason: text('mail.reason.webhook_redirects', { status }) };
  return { outcome: 'bounced', reason: text('mail.reason.webhook_refused', { status }) };
}

/** Published by fetch (undici) after it has connected, immediately before it writes a request's headers. */
const SEND_HEADERS = 'undici:client:sendHeaders';
const sentHeaders = z.looseObject({ headers: z.string() });

/** Observes whether fetch has begun to send the delivery's call, which its errors do not show. */
function watchSending(id: string): Disposable & { readonly begun: boolean } {
  let begun = false;
  const look = (message: unknown): void => {
    const { data } = sentHeaders.safeParse(message);
    // Unreadable events count as sent, because a wrong `unknown` is safer than a wrong `deferred`.
    if (data === undefined || data.headers.includes(`idempotency-key: ${id}\r\n`)) begun = true;
  };
  subscribe(SEND_HEADERS, look);
  return {
    get begun() {
      return begun;
    },
    [Symbol.dispose]: () => void unsubscribe(SEND_HEADERS, look),
  };
}

/** Returns the code, such as ECONNREFUSED. The error message may contain the URL, and the URL a token. */
function nameOf(error: unknown, { text }: Locale): string {
  if (!(error instanceof Error)) return text('mail.reason.cause_none');
  if (error.name === 'TimeoutError') return text('mail.reason.cause_timeout');
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name;
}
