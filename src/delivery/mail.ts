import type { NodemailerError } from 'nodemailer/lib/errors';
import { redactText } from '../log.ts';
import { composeMail } from './mail-message.ts';
import type { Deliver, Message, Receipt } from './message.ts';
import type { MailSettings } from './settings.ts';
import { NoLoginOffered, type SmtpLimits, smtpLimits, smtpSession } from './smtp.ts';

export interface Mail extends AsyncDisposable {
  /** Only for targets with an `email`; throws for others. */
  readonly deliver: Deliver;
}

/**
 * Delivers mail by SMTP, with one connection and one message for each recipient. The caller checks whether the
 * recipient is allowed. Disposing ends deliveries in progress.
 *
 * If aborted before the message is handed over, a delivery rejects with the signal's reason; after that, the outcome is
 * `unknown`.
 */
export function openMail(
  mail: MailSettings,
  { now, limits = {} }: { now: () => Date; limits?: Partial<SmtpLimits> },
): Mail {
  const stop = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  const all: SmtpLimits = { ...smtpLimits, ...limits };

  async function send(message: Message, to: string, signal: AbortSignal): Promise<Receipt> {
    const content = await composeMail(message, { to, mail, date: now() });
    const redact = (text: string): string =>
      shorten(redactText(text, { address: to, secrets: secretsOf(mail) }));
    const stopped = AbortSignal.any([signal, stop.signal]);
    const late = AbortSignal.timeout(all.totalTimeoutMs);
    using session = smtpSession(mail.smtp, { limits: all, signal: AbortSignal.any([stopped, late]) });
    try {
      await session.open();
      const answer = await session.send({ from: mail.from.address, to, content });
      session.quit();
      return { outcome: 'sent', detail: redact(answer) };
    } catch (error) {
      if (stopped.aborted && !session.handedOver) throw stopped.reason;
      const hasLogin = mail.smtp.login !== null;
      return receiptOf(error, { handedOver: session.handedOver, hasLogin, redact });
    }
  }

  return {
    async deliver(message, { target, signal }) {
      if (!('email' in target)) throw new TypeError('The target is no e-mail address.');
      const work = send(message, target.email, signal);
      underWay.add(work);
      try {
        return await work;
      } finally {
        underWay.delete(work);
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('Mail is closed.'));
      await Promise.allSettled(underWay);
    },
  };
}

const refused: { readonly [command: string]: string } = {
  'MAIL FROM': 'the sender',
  'RCPT TO': 'the recipient',
  DATA: 'the message',
};

/**
 * Derives the outcome from nodemailer's error code, the SMTP command and the server's answer.
 * test/delivery/mail.test.ts shows each case with a real server.
 */
function receiptOf(
  error: unknown,
  {
    handedOver,
    hasLogin,
    redact,
  }: { handedOver: boolean; hasLogin: boolean; redact: (text: string) => string },
): Receipt {
  if (error instanceof NoLoginOffered) {
    const reason =
      'The mail server offers no login on this port. Remove user and password from SITREP_SMTP_URL, or use another ' +
      'port, such as 587 or 465.';
    return { outcome: 'held', reason };
  }
  const known: NodemailerError = error instanceof Error ? error : new Error(String(error));
  const { code, command = '', message, response, responseCode, permanent } = known;
  const words = redact(response ?? message);
  const whole = redact(message);
  const what = refused[command];
  if (code === 'EAUTH' || responseCode === 530) {
    const reason = hasLogin
      ? `The mail server refused the login: ${words}. Correct the user and password in SITREP_SMTP_URL.`
      : `The mail server asks for a login: ${words}. Put user and password into SITREP_SMTP_URL.`;
    // Codes such as 454 are temporary. Otherwise the settings are at fault, never the recipient.
    return { outcome: permanent === false ? 'deferred' : 'held', reason };
  }
  if (what !== undefined && responseCode !== undefined) {
    const reason = `The mail server refused ${what}: ${words}`;
    return { outcome: permanent === true ? 'bounced' : 'deferred', reason };
  }
  if (code === 'EMESSAGE' && command === 'MAIL FROM') {
    const reason = `The mail server takes no message of this size: ${whole}. Lower SITREP_MAIL_MAX_BYTES.`;
    return { outcome: 'held', reason };
  }
  if (handedOver) {
    const reason = `The mail server had the whole message and did not say whether it took it: ${whole}`;
    return { outcome: 'unknown', reason };
  }
  return { outcome: 'deferred', reason: `The mail server could not be reached, or broke off: ${whole}` };
}

const shorten = (text: string): string => (text.length > 200 ? `${text.slice(0, 199)}…` : text);

/** The login in its encoded forms, in case a server repeats it. */
function secretsOf({ smtp: { login } }: MailSettings): string[] {
  if (login === null) return [];
  const { user, password } = login;
  const encoded = [password, `\0${user}\0${password}`].map((text) => Buffer.from(text).toString('base64'));
  return password === '' ? [] : [...encoded, password];
}
