import type { NodemailerError } from 'nodemailer/lib/errors';
import MailComposer from 'nodemailer/lib/mail-composer';
import { bodiesOf, type Enclosure, headingOf } from './mail-bodies.ts';
import type { Deliver, Message, Receipt } from './message.ts';
import type { MailSettings } from './settings.ts';
import { NoLoginOffered, type SmtpLimits, smtpLimits, smtpSession } from './smtp.ts';
import type { Locale } from '../locale.ts';
import { redactText } from '../log.ts';

/**
 * Delivers mail by SMTP, with one connection and one message for each recipient. The caller checks whether the
 * recipient is allowed. Disposing ends deliveries in progress.
 *
 * If aborted before the message is handed over, a delivery rejects with the signal's reason; after that, the outcome is
 * `unknown`.
 */
export function openMail(
  mail: MailSettings,
  { now, locale, limits = {} }: { now: () => Date; locale: Locale; limits?: Partial<SmtpLimits> },
): AsyncDisposable & { readonly deliver: Deliver } {
  const stop = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  const all: SmtpLimits = { ...smtpLimits, ...limits };

  async function send(message: Message, to: string, signal: AbortSignal): Promise<Receipt> {
    const content = await composeMail(message, { to, mail, date: now(), locale });
    const redact = (text: string): string =>
      shorten(redactText(text, { address: to, secrets: secretsOf(mail) }));
    const stopped = AbortSignal.any([signal, stop.signal]);
    const late = AbortSignal.timeout(all.totalTimeoutMs);
    using session = smtpSession(mail.smtp, { limits: all, signal: AbortSignal.any([stopped, late]) });
    try {
      await session.open();
      const answer = await session.send({ from: mail.from.address, to, content });
      session.quit();
      return { outcome: 'sent', reason: redact(answer) };
    } catch (error) {
      if (stopped.aborted && !session.handedOver) throw stopped.reason;
      const hasLogin = mail.smtp.login !== null;
      return receiptOf(error, { handedOver: session.handedOver, hasLogin, redact, locale });
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

/** What the server refused, by the SMTP command. */
const refused: { readonly [command: string]: string } = {
  'MAIL FROM': 'sender',
  'RCPT TO': 'recipient',
  DATA: 'message',
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
    locale: { text },
  }: { handedOver: boolean; hasLogin: boolean; redact: (text: string) => string; locale: Locale },
): Receipt {
  if (error instanceof NoLoginOffered)
    return { outcome: 'held', reason: text('mail.reason.login_not_offered') };
  const known: NodemailerError = error instanceof Error ? error : new Error(String(error));
  const { code, command = '', message, response, responseCode, permanent } = known;
  const answer = redact(response ?? message);
  const whole = redact(message);
  const part = refused[command];
  if (code === 'EAUTH' || responseCode === 530) {
    const reason = text(hasLogin ? 'mail.reason.login_refused' : 'mail.reason.login_missing', { answer });
    // Codes such as 454 are temporary. Otherwise the settings are at fault, never the recipient.
    return { outcome: permanent === false ? 'deferred' : 'held', reason };
  }
  if (part !== undefined && responseCode !== undefined) {
    const reason = text('mail.reason.mail_refused', { part, answer });
    return { outcome: permanent === true ? 'bounced' : 'deferred', reason };
  }
  if (code === 'EMESSAGE' && command === 'MAIL FROM')
    return { outcome: 'held', reason: text('mail.reason.mail_too_large', { answer: whole }) };
  return handedOver
    ? { outcome: 'unknown', reason: text('mail.reason.mail_unanswered', { answer: whole }) }
    : { outcome: 'deferred', reason: text('mail.reason.mail_unreachable', { answer: whole }) };
}

const shorten = (text: string): string => (text.length > 200 ? `${text.slice(0, 199)}…` : text);

/** The login in its encoded forms, in case a server repeats it. */
function secretsOf({ smtp: { login } }: MailSettings): string[] {
  if (login === null) return [];
  const { user, password } = login;
  const encoded = [password, `\0${user}\0${password}`].map((text) => Buffer.from(text).toString('base64'));
  return password === '' ? [] : [...encoded, password];
}

/** The encoded message for one recipient, with its PDF unless that would exceed `maxBytes`. */
export async function composeMail(
  message: Message,
  given: { to: string; mail: MailSettings; date: Date; locale: Locale },
): Promise<Buffer> {
  const options = { ...given, locale: message.highlights?.locale ?? given.locale };
  const whole = await encode(message, { ...options, enclosure: 'attached' });
  if (message.pdf === null || whole.length <= options.mail.maxBytes) return whole;
  return encode(message, { ...options, enclosure: 'left-out' });
}

function encode(
  message: Message,
  {
    to,
    mail,
    date,
    locale,
    enclosure,
  }: { to: string; mail: MailSettings; date: Date; locale: Locale; enclosure: Enclosure },
): Promise<Buffer> {
  const domain = mail.from.address.slice(mail.from.address.lastIndexOf('@') + 1);
  const { brief, id, pdf, correction, highlights } = message;
  const idOf = (delivery: string) => `<${delivery}@${domain}>`;
  const cidOf = (picture: string) => `${picture}.${id}@${domain}`;
  const follows = correction?.follows.map(idOf) ?? [];
  const stop = `mailto:${mail.unsubscribe}?subject=${encodeURIComponent(`unsubscribe ${brief}`)}`;
  const composer = new MailComposer({
    from: { ...mail.from, name: mail.from.name || (highlights?.publisher?.name ?? '') },
    // Passed as an object so that an address cannot be parsed as a list of addresses.
    to: { name: '', address: to },
    subject: subjectOf(message, locale),
    date,
    messageId: idOf(id),
    // RFC 5322, section 3.6.4: mail programs show a correction below the message that it corrects.
    ...(follows.length > 0 && { inReplyTo: follows.at(-1), references: follows }),
    headers: [
      // RFC 2919, 2369 and 3834: for filters, for unsubscribing, and against automatic replies.
      { key: 'List-Id', value: `<${brief}.${domain}>` },
      ...(mail.unsubscribe === null ? [] : [{ key: 'List-Unsubscribe', value: `<${stop}>` }]),
      { key: 'Auto-Submitted', value: 'auto-generated' },
      // Some mailboxes do not group messages whose ids differ here.
      { key: 'X-Entity-Ref-ID', value: correction?.follows[0] ?? id },
    ],
    ...bodiesOf(message, { enclosure, mail, locale, cidOf }),
    attachments: [
      ...(['logo', 'hero'] as const).flatMap((name) => {
        const picture = highlights?.[name];
        if (!picture) return [];
        return [
          {
            filename: picture.name,
            content: Buffer.from(picture.content),
            contentType: 'image/png',
            cid: cidOf(name),
            contentDisposition: 'inline' as const,
          },
        ];
      }),
      ...(pdf === null || enclosure === 'left-out'
        ? []
        : [{ filename: pdf.name, content: Buffer.from(pdf.content), contentType: 'application/pdf' }]),
    ],
    // A repeated message differs only in its date.
    baseBoundary: id,
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

/** Subjects such as `[TLP:CLEAR] Headline · Title, 2021-W33, as of 22 August 2021`, or `Correction: …, revision 2`. */
function subjectOf(message: Message, locale: Locale): string {
  const { marking, kind, correction } = message;
  const heading = headingOf(message, locale);
  const headline = message.highlights?.headline ?? null;
  if (correction !== null) return locale.text('mail.subject.correction', { marking, heading });
  return headline === null
    ? locale.text(`mail.subject.${kind}`, { marking, heading })
    : locale.text('mail.subject.headline', { marking, headline, heading });
}
