import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { MailSettings } from './settings.ts';

/** Time limits within a session, in milliseconds. */
export interface SmtpLimits {
  readonly dnsTimeoutMs: number;
  /** From the DNS lookup to the end of STARTTLS. */
  readonly connectionTimeoutMs: number;
  readonly greetingTimeoutMs: number;
  /** Maximum silence of the server. */
  readonly socketTimeoutMs: number;
  /** The whole session. */
  readonly totalTimeoutMs: number;
}

export const smtpLimits: SmtpLimits = {
  dnsTimeoutMs: 10_000,
  connectionTimeoutMs: 30_000,
  greetingTimeoutMs: 30_000,
  // RFC 5321, section 4.5.3.2.6, allows the server 10 minutes to acknowledge a message. A client that hangs up earlier
  // cannot know whether the message was accepted. Three minutes is a compromise: waiting longer costs more than that
  // uncertainty.
  socketTimeoutMs: 180_000,
  totalTimeoutMs: 300_000,
};

/** The settings have a user, but the server offers no login. */
export class NoLoginOffered extends Error {
  override readonly name = 'NoLoginOffered';
}

/**
 * One connection to the mail server, for one message. Every step rejects with nodemailer's error or the signal's
 * reason. The session ends at once when `signal` aborts. Nodemailer's own transport cannot provide `handedOver`, because it
 * reads the message before the server has asked for it.
 */
export function smtpSession(
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
