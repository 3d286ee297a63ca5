import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { type IncomingMessage, validateHeaderValue } from 'node:http';
import { request } from 'node:https';
import { isIP } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { SourceSettings } from '../dataset/sources.ts';
import type { Fault } from '../errors.ts';
import { readHead } from '../importers/source-file.ts';
import { checkedLookup, isPublic, RefusedAddress } from './addresses.ts';
import type { SourceState } from './state.ts';

/** Why a source brought nothing. */
export type FailureReason =
  /** No file, no such host, or no connection. */
  | 'down'
  | 'timeout'
  | 'too-large'
  /** An HTTP status that is no success. */
  | 'status'
  /** An address inside a network, or one without https. */
  | 'refused-address'
  /** The connection ended before the file did. */
  | 'truncated'
  /** The importer's faults. */
  | 'wrong-shape'
  | 'shrunk'
  /** A variable is not set. */
  | 'credentials';

/** The refresh of one source failed, and the dataset is as it was. */
export class SourceFailure extends Error {
  override readonly name = 'SourceFailure';
  readonly reason: FailureReason;
  readonly fault: Fault;
  /** When the source says that a new try makes sense. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    reason: FailureReason,
    fault: Fault,
    { retryAfterSeconds, ...options }: { cause?: unknown; retryAfterSeconds?: number | undefined } = {},
  ) {
    super(fault.problem, options);
    this.reason = reason;
    this.fault = fault;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface DownloadContext {
  /** The environment, for the variables that sources name. */
  readonly variables: { readonly [name: string]: string | undefined };
  /** Addresses besides the public ones to which connections are allowed; for tests. */
  readonly isAllowed?: ((address: string) => boolean) | undefined;
  /** The certificate authority to trust instead of the system's, in PEM; for tests. */
  readonly ca?: string | undefined;
  /** The limit on the time until the headers of an answer; by default a minute. */
  readonly headersMs?: number;
  readonly signal?: AbortSignal;
}

type UrlSource = SourceSettings & { readonly url: string };

/** A file that was fetched. */
export type Downloaded = { readonly sha256: string } & Pick<SourceState, 'etag' | 'lastModified'>;

const MOST_REDIRECTS = 5;
const HEADERS_MS = 60_000;
const redirects = [301, 302, 303, 307, 308];

/** An address without its query, which may have a key in it. */
export const shownUrl = (url: string | URL): string => {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
};

/**
 * Fetches the address of a source into the file `to`, or returns null if it has not changed since `last`, what the last
 * refresh fetched there. Throws `SourceFailure`, and the signal's reason.
 */
export async function download(
  source: UrlSource,
  { to, last, context }: { to: string; last: SourceState | undefined; context: DownloadContext },
): Promise<Downloaded | null> {
  const time = AbortSignal.timeout(source.timeoutSeconds * 1000);
  const signal = context.signal === undefined ? time : AbortSignal.any([context.signal, time]);
  try {
    const response = await follow(source, { last, context, signal });
    try {
      return await receive(source, { response, to, last, signal });
    } finally {
      response.destroy();
    }
  } catch (cause) {
    context.signal?.throwIfAborted();
    if (cause instanceof SourceFailure) throw cause;
    // The message is not repeated, because it may have parts of the address.
    if (!time.aborted)
      throw failure(source, 'down', {
        problem: `cannot be reached (${codeOf(cause)}).`,
        hint: 'Try again later, or correct the address.',
        cause,
      });
    throw failure(source, 'timeout', {
      problem: `took more than ${source.timeoutSeconds.toLocaleString('en-GB')} s.`,
      hint: 'Try again later, or raise "timeoutSeconds" of this source.',
      cause,
    });
  }
}

/** Asks for the address, and for those to which it redirects. */
async function follow(
  source: UrlSource,
  { last, context, signal }: { last: SourceState | undefined; context: DownloadContext; signal: AbortSignal },
): Promise<IncomingMessage> {
  const isAllowed = (address: string): boolean => isPublic(address) || context.isAllowed?.(address) === true;
  const { headersMs = HEADERS_MS } = context;
  let secrets = credentials(source, context.variables);
  const headers = {
    'user-agent': 'Sitrep',
    accept: '*/*',
    'accept-encoding': 'gzip',
    ...(last?.etag !== undefined && { 'if-none-match': last.etag }),
    ...(last?.lastModified !== undefined && { 'if-modified-since': last.lastModified }),
  };
  let url = new URL(source.url);
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    const host = url.hostname.replaceAll(/^\[|\]$/g, '');
    // The socket does not look up the name of a host that is an address.
    if (url.protocol !== 'https:' || (isIP(host) !== 0 && !isAllowed(host))) throw refused(source, url);
    const outgoing = request(url, {
      headers: { ...headers, ...secrets },
      lookup: checkedLookup(isAllowed),
      ca: context.ca,
      signal,
      // A connection from a pool was checked for another source.
      agent: false,
      // The default, unless a variable of Node says otherwise.
      rejectUnauthorized: true,
    });
    // Once the answer begins, its stream fails too.
    outgoing.on('error', () => undefined).end();
    const late = AbortSignal.timeout(headersMs);
    const answer = await once(outgoing, 'response', { signal: late }).catch((error: unknown) => {
      outgoing.destroy();
      if (error instanceof RefusedAddress) throw refused(source, url);
      if (!late.aborted) throw error;
      const problem = `did not answer within ${headersMs / 1000} s.`;
      throw failure(source, 'timeout', { problem, hint: 'Try again later.' });
    });
    const response: IncomingMessage = answer[0];
    const { location } = response.headers;
    if (!redirects.includes(response.statusCode ?? 0) || location === undefined) return response;
    response.destroy();
    if (!URL.canParse(location, url.href)) break;
    const next = new URL(location, url);
    if (next.origin !== url.origin) secrets = {};
    // Node would send them as credentials.
    next.username = '';
    next.password = '';
    url = next;
  }
  throw failure(source, 'status', {
    problem: `redirects more than ${MOST_REDIRECTS} times, or to no address.`,
    hint: 'Give the address to which it leads in the end.',
  });
}

/** Writes the body of an answer into the file `to`. */
async function receive(
  source: UrlSource,
  given: { response: IncomingMessage; to: string; last: SourceState | undefined; signal: AbortSignal },
): Promise<Downloaded | null> {
  const { response, to, signal } = given;
  const { statusCode: status, headers } = response;
  if (status === 304 && given.last !== undefined) return null;
  if (status !== 200) throw refusal(source, response);
  const encoding = headers['content-encoding'] ?? 'identity';
  const isPacked = encoding === 'gzip' || encoding === 'x-gzip';
  if (!isPacked && encoding !== 'identity')
    throw failure(source, 'wrong-shape', {
      problem: `is packed as ${encoding}, and gzip was asked for.`,
      hint: 'Have the server send it as it is, or as gzip.',
    });
  if (/^text\/html\b/i.test(headers['content-type'] ?? '')) throw webPage(source);
  const tooLarge = failure(source, 'too-large', {
    problem: `is larger than ${source.maxBytes.toLocaleString('en-GB')} bytes.`,
    hint: 'Ask for less, or raise "maxBytes" of this source.',
  });
  if (Number(headers['content-length'] ?? 0) > source.maxBytes) throw tooLarge;
  const hash = createHash('sha256');
  /** Fails beyond the limit. */
  const limited = (look?: (chunk: Buffer) => void): Transform => {
    let bytes = 0;
    return new Transform({
      transform(chunk: Buffer, _, done) {
        bytes += chunk.length;
        look?.(chunk);
        if (bytes > source.maxBytes) done(tooLarge);
        else done(null, chunk);
      },
    });
  };
  await pipeline(
    [
      response,
      limited(),
      ...(isPacked ? [createGunzip()] : []),
      limited((chunk) => hash.update(chunk)),
      createWriteStream(to),
    ],
    { signal },
  ).catch((cause: unknown) => {
    if (cause === tooLarge || signal.aborted) throw cause;
    if (isFromDisk(cause))
      throw failure(source, 'too-large', {
        problem: `cannot be kept (${codeOf(cause)}).`,
        hint: 'Free some space in the cache folder, and make it writable.',
        cause,
      });
    throw failure(source, 'truncated', {
      problem: `ended before the file did (${codeOf(cause)}).`,
      hint: 'Try again later. If it goes on, ask the publisher.',
      cause,
    });
  });
  // Some servers call every answer text/csv.
  if (/^\s*<(!doctype\s+html|html)\b/i.test(await readHead(to))) throw webPage(source);
  const { etag, 'last-modified': lastModified } = headers;
  return {
    sha256: hash.digest('hex'),
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { lastModified }),
  };
}

/** The headers with secrets. Throws `SourceFailure`, which names a variable but never repeats its value. */
function credentials(source: UrlSource, variables: DownloadContext['variables']): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, { env, prefix }] of Object.entries(source.headers)) {
    const value = variables[env]?.trim() ?? '';
    const wrong = (problem: string): SourceFailure =>
      failure(source, 'credentials', {
        problem: `the variable ${env} ${problem}.`,
        hint: `Set it to the credentials of the source "${source.name}", in the environment or in .env.`,
      });
    if (value === '') throw wrong('is not set');
    try {
      validateHeaderValue(name, prefix + value);
    } catch {
      throw wrong('has a character that a header cannot have');
    }
    headers[name.toLowerCase()] = prefix + value;
  }
  return headers;
}

const failure = (
  { url }: UrlSource,
  reason: FailureReason,
  {
    cause,
    retryAfterSeconds,
    ...text
  }: { problem: string; hint: string; cause?: unknown; retryAfterSeconds?: number | undefined },
): SourceFailure => new SourceFailure(reason, { file: shownUrl(url), ...text }, { cause, retryAfterSeconds });

const refused = (source: UrlSource, url: URL): SourceFailure =>
  failure(source, 'refused-address', {
    problem:
      url.protocol === 'https:'
        ? `leads to ${url.host}, which is not at a public address.`
        : `leads to ${url.protocol}//${url.host}, without https.`,
    hint: 'Give a public https address, or fetch the file yourself and give its "path".',
  });

const webPage = (source: UrlSource): SourceFailure =>
  failure(source, 'wrong-shape', {
    problem: 'answers with a web page and not with data; perhaps it asks for a login.',
    hint: 'Check the address and the credentials of this source.',
  });

function refusal(source: UrlSource, { statusCode: status = 0, headers }: IncomingMessage): SourceFailure {
  const retryAfterSeconds = secondsUntil(headers['retry-after'], headers.date);
  const hint =
    retryAfterSeconds === undefined
      ? ([401, 403].includes(status) && 'Check the credentials of this source.') ||
        ([404, 410].includes(status) && 'Correct the address of this source.') ||
        'Try again later.'
      : `Try again in ${retryAfterSeconds.toLocaleString('en-GB')} s.`;
  return failure(source, 'status', { problem: `answers HTTP ${status}.`, hint, retryAfterSeconds });
}

/** `Retry-After` gives seconds, or a date, which counts from the date of the answer. */
function secondsUntil(retryAfter: string | undefined, date: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const seconds = Math.ceil((Date.parse(retryAfter) - Date.parse(date ?? '')) / 1000);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

const codeOf = (error: unknown): string =>
  error instanceof Error ? String(Reflect.get(error, 'code') ?? error.name) : 'unknown';

const isFromDisk = (error: unknown): boolean =>
  error instanceof Error &&
  ['open', 'write', 'close'].includes(String(Reflect.get(error, 'syscall'))) &&
  !['EPIPE', 'ECONNRESET'].includes(codeOf(error));
