import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { MailSettings } from './settings.ts';

/** How long each part of a session may take, in milliseconds. */
export interface SmtpLimits {
  readonly dnsTimeoutMs: number;
  /** From the look-up of the name to the end of STARTTLS. */
  readonly connectionTimeoutMs: number;
  readonly greetingTimeoutMs: number;
  /** Silence between two words of the server. */
  readonly socketTimeoutMs: number;
  /** All of it. */
  readonly totalTimeoutMs: number;
}

export const smtpLimits: SmtpLimits = {
  dnsTimeoutMs: 10_000,
  connectionTimeoutMs: 30_000,
  greetingTimeoutMs: 30_000,
  // RFC 5321, section 4.5.3.2.6, gives the server 10 minutes to answer the end of a message. Who hangs up earlier must
  // not know whether it was taken: three minutes is where waiting costs more than that.
  socketTimeoutMs: 180_000,
  totalTimeoutMs: 300_000,
};

/** The server has no login, and the settings have a user. */
export class NoLoginOffered extends Error {
  override readonly name = 'NoLoginOffered';
}

/** One connection to the mail server, for one message. Every step rejects with what nodemailer says, or the signal's reason. */
export interface SmtpSession extends Disposable {
  /** Connects, encrypts as the settings ask, and logs in. */
  open(): Promise<void>;
  /** Resolves with the server's answer to the whole message. */
  send(message: { from: string; to: string; content: Buffer }): Promise<string>;
  /** Takes leave, and waits for no answer: until the receipt is stored, a crash would send the message again. */
  quit(): void;
  /**
   * Whether the whole message was handed over for writing, its end included: from then on the server may have
   * accepted it. Nodemailer reports a cut or silent connection alike in every phase (code `ECONNECTION` or
   * `ETIMEDOUT`, command `CONN`), so the stream that it reads the message from has to tell.
   */
  readonly handedOver: boolean;
}

/**
 * A session that ends at once when `signal` aborts. Nodemailer's transport would do, but for `handedOver`: it reads
 * the message before the server has asked for it.
 */
export function smtpSession(
  { host, port, secure, requireTls, login }: MailSettings['smtp'],
  { limits, signal }: { limits: SmtpLimits; signal: AbortSignal },
): SmtpSession {
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
  // Ends before a step was begun, or after the last, are nobody's failure.
  connection.on('error', () => {});
  let content: Readable | undefined;

  /** One step, which also fails when the connection does: nodemailer then calls back, emits, or does both. */
  const step = <Result>(begin: (done: (error?: Error | null, result?: Result) => void) => void) =>
    new Promise<Result | undefined>((resolve, reject) => {
      signal.throwIfAborted();
      connection.once('error', reject);
      // The reason, where there is one, is on its way: after an answer 421, `end` comes before it.
      connection.once('end', () =>
        setImmediate(() => reject(signal.aborted ? signal.reason : new Error('Connection closed'))),
      );
      begin((error, result) => {
        if (error) reject(error);
        else resolve(result);
      });
    });

  return {
    async open() {
      await step((done) => connection.connect(done));
      if (login !== null) {
        if (!connection.allowsAuth) throw new NoLoginOffered('The server offers no AUTH.');
        const { user, password } = login;
        await step((done) => connection.login({ credentials: { user, pass: password } }, done));
      }
    },
    async send({ from, to, content: bytes }) {
      const envelope = { from, to: [to], size: bytes.length };
      const stream = (content = Readable.from(pieces(bytes)));
      const info = await step<{ response: string }>((done) => connection.send(envelope, stream, done));
      return info?.response ?? '';
    },
    quit() {
      connection.quit();
    },
    get handedOver() {
      return content?.readableEnded ?? false;
    },
    [Symbol.dispose]() {
      signal.removeEventListener('abort', end);
      connection.close();
    },
  };
}

/** Piece by piece, so that the end is not handed over long before it can be written. */
function* pieces(bytes: Buffer, length = 65_536): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}
