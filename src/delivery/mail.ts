import { Readable } from 'node:stream';
import type { NodemailerError } from 'nodemailer/lib/errors';
import MailComposer from 'nodemailer/lib/mail-composer';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { bodiesOf, type Enclosure, headingOf } from './mail-bodies.ts';
import type { Deliver, Message, Receipt } from './message.ts';
import type { MailSettings } from './settings.ts';
import type { Locale } from '../locale.ts';
import { redactText } from '../log.ts';

/** Time limits within an SMTP session, in milliseconds. */
const smtpLimits = {
  dnsTimeoutMs: 10_000,
  /** From the DNS lookup to the end of STARTTLS. */
  connectionTimeoutMs: 30_000,
  greetingTimeoutMs: 30_000,
  // Maximum silence of the server. RFC 5321, section 4.5.3.2.6, allows the server 10 minutes to acknowledge a message. A client that hangs up earlier
  // cannot know whether the message was accepted. Three minutes is a compromise: waiting longer costs more than that
  // uncertainty.
  socketTimeoutMs: 180_000,
  /** The whole session. */
  totalTimeoutMs: 300_000,
};
export type SmtpLimits = Readonly<typeof smtpLimits>;

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

/** Derives the outcome from nodemailer's error. test/delivery/mail.test.ts shows each case with a real server. */
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
  const [answer, whole] = [redact(response ?? message), redact(message)];
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
  { to, mail, date, ...given }: { to: string; mail: MailSettings; date: Date; locale: Locale },
): Promise<Buffer> {
  const { brief, id, pdf, correction, highlights } = message;
  const locale = highlights?.locale ?? given.locale;
  const domain = mail.from.address.slice(mail.from.address.lastIndexOf('@') + 1);
  const idOf = (delivery: string) => `<${delivery}@${domain}>`;
  const cidOf = (picture: string) => `${picture}.${id}@${domain}`;
  const follows = correction?.follows.map(idOf) ?? [];
  const stop = `mailto:${mail.unsubscribe}?subject=${encodeURIComponent(`unsubscribe ${brief}`)}`;
  const pictures = (['logo', 'hero'] as const).flatMap((name) => {
    const picture = highlights?.[name];
    if (!picture) return [];
    const inline = { contentType: 'image/png', cid: cidOf(name), contentDisposition: 'inline' as const };
    return [{ filename: picture.name, content: Buffer.from(picture.content), ...inline }];
  });
  const attached = pdf && {
    filename: pdf.name,
    content: Buffer.from(pdf.content),
    contentType: 'application/pdf',
  };
  const encode = (enclosure: Enclosure): Promise<Buffer> =>
    new MailComposer({
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
      attachments: attached && enclosure === 'attached' ? [...pictures, attached] : pictures,
      // A repeated message differs only in its date.
      baseBoundary: id,
      newline: 'windows',
      disableFileAccess: true,
      disableUrlAccess: true,
    })
      .compile()
      .build();
  const whole = await encode('attached');
  return pdf === null || whole.length <= mail.maxBytes ? whole : encode('left-out');
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

/** The settings have a user, but the server offers no login. */
class NoLoginOffered extends Error {
  override readonly name = 'NoLoginOffered';
}

/**
 * One connection to the mail server, for one message. Every step rejects with nodemailer's error or the signal's
 * reason. The session ends at once when `signal` aborts. Nodemailer's own transport cannot provide `handedOver`, because it
 * reads the message before the server has asked for it.
 */
function smtpSession(
  { host, port, secure, requireTls, login }: MailSettings['smtp'],
  { limits, signal }: { limits: SmtpLimits; signal: AbortSignal },
) {
  const connection = new SMTPConnection({
    host,
    port,
    secure,
    requireTLS: requireTls,
    tls: { rejectUnauthorized: requireTls },
    dnsTimeout: limits.dnsTimeoutMs,
    connectionTimeout: limits.connectionTimeoutMs,
    greetingTimeout: limits.greetingTimeoutMs,
    socketTimeout: limits.socketTimeoutMs,
    socketCloseTimeout: 0,
    logger: false,
  });
  const end = (): void => connection.close();
  signal.addEventListener('abort', end);
  // Connection errors before the first step or after the last one do not matter.
  connection.on('error', () => {});
  let content: Readable | undefined;

  /** One step, which also fails if the connection does. Nodemailer then calls back, emits an event, or does both. */
  const step = <Result>(begin: (done: (error?: Error | null, result?: Result) => void) => void) =>
    new Promise<Result | undefined>((resolve, reject) => {
      signal.throwIfAborted();
      connection.once('error', reject);
      // After an answer 421, `end` comes before the event with the reason.
      connection.once('end', () =>
        setImmediate(() => reject(signal.aborted ? signal.reason : new Error('Connection closed'))),
      );
      begin((error, result) => {
        if (error) reject(error);
        else resolve(result);
      });
    });

  return {
    /** Connects, encrypts according to the settings, and logs in. */
    async open() {
      await step((done) => connection.connect(done));
      if (login !== null) {
        if (!connection.allowsAuth) throw new NoLoginOffered('The server offers no AUTH.');
        const { user, password } = login;
        await step((done) => connection.login({ credentials: { user, pass: password } }, done));
      }
    },
    /** Resolves with the server's answer to the whole message. */
    async send({ from, to, content: bytes }: { from: string; to: string; content: Buffer }) {
      const envelope = { from, to: [to], size: bytes.length };
      const stream = (content = Readable.from(pieces(bytes)));
      const info = await step<{ response: string }>((done) => connection.send(envelope, stream, done));
      return info?.response ?? '';
    },
    /** Sends QUIT without waiting for the answer. Until the receipt is stored, a crash would send the message again. */
    quit() {
      connection.quit();
    },
    /**
     * Whether the whole message, including its end, was handed over for writing. From then on the server may have
     * accepted it. Nodemailer reports a broken or silent connection with the same error in every phase (code
     * `ECONNECTION` or `ETIMEDOUT`, command `CONN`), so this is observed on the stream that it reads the message from.
     */
    get handedOver() {
      return content?.readableEnded ?? false;
    },
    [Symbol.dispose]() {
      signal.removeEventListener('abort', end);
      connection.close();
    },
  };
}

/** Splits the message, so that its end is not handed over long before it can be written. */
function* pieces(bytes: Buffer, length = 65_536): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}
