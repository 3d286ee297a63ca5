import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AppError, describeFault, type ErrorCode, type Fault, fault, withServedDocs } from '../errors.ts';
import type { Caller } from '../ledger/principal.ts';
import type { Log } from '../log.ts';

/** Codes of problems, in addition to those of faults, with their HTTP status. Programs rely on the codes. */
const statuses = {
  'request-invalid': 400,
  'login-needed': 401,
  'token-unknown': 401,
  'operation-forbidden': 403,
  'origin-foreign': 403,
  'not-found': 404,
  'brief-unknown': 404,
  'edition-unknown': 404,
  'method-not-allowed': 405,
  'request-too-slow': 408,
  'operation-refused': 409,
  'body-too-large': 413,
  'media-type-unknown': 415,
  'range-invalid': 416,
  'headers-too-large': 431,
  'parameter-invalid': 422,
  'too-many-requests': 429,
  internal: 500,
  'ledger-unavailable': 503,
  'queue-full': 503,
  'too-busy': 503,
  'too-slow': 503,
} as const satisfies { [code: string]: number };
export type ProblemCode = keyof typeof statuses | ErrorCode;
export const problemCodes = Object.keys(statuses);

/** Problem details (RFC 9457). */
export const problemDetails = z.object({
  /** URL of the code's documentation. */
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  /** Stable across versions. */
  code: z.string(),
  hint: z.string(),
  /** The individual faults, if there are several or they have a location. */
  faults: z.array(fault),
});
export type Problem = z.output<typeof problemDetails>;

/** An error that is sent as the response unchanged. */
export class RequestError extends Error {
  readonly problem: Problem;
  readonly headers: { readonly [name: string]: string };
  constructor(details: Problem, headers: { readonly [name: string]: string }) {
    super(details.detail);
    this.problem = details;
    this.headers = headers;
  }
}

export function problemOf(
  code: ProblemCode,
  {
    detail,
    hint,
    faults = [],
    retryAfterSeconds = retries[code],
    allow,
  }: {
    detail: string;
    hint: string;
    faults?: readonly Fault[];
    retryAfterSeconds?: number | undefined;
    allow?: readonly string[];
  },
): RequestError {
  const status = isStatused(code) ? statuses[code] : 422;
  const title = STATUS_CODES[status] ?? 'Error';
  const details = { type: `/docs#${code}`, title, status, detail, code, hint, faults: [...faults] };
  return new RequestError(details, {
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    ...(allow !== undefined && { allow: allow.join(', ') }),
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
  });
}

const isStatused = (code: ProblemCode): code is keyof typeof statuses => Object.hasOwn(statuses, code);

/** After how many seconds a client may try again. */
const retries: { readonly [code in ProblemCode]?: number } = {
  'ledger-unavailable': 5,
  'queue-full': 30,
  'too-busy': 10,
  'too-slow': 10,
};

/** The problem to send for an error. Unexpected errors are only logged, not shown to strangers. */
export function asProblem(error: unknown, request: FastifyRequest): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof AppError) {
    const { code } = error;
    if (code === 'ledger-unusable' || code === 'ledger-in-use') return internal();
    // The fault may name a server or a folder, which strangers must not see.
    if (code === 'ledger-unavailable')
      return problemOf(code, {
        detail: 'The ledger cannot be read or written at the moment.',
        hint: 'Try again in a few seconds. The service log shows the cause.',
      });
    return problemWith(error);
  }
  if (error instanceof z.ZodError)
    return invalid(error.issues.map(({ path, message }) => [path.join('.'), message]));
  if (hasZodFastifySchemaValidationErrors(error))
    return invalid(
      error.validation.map(({ instancePath, message = 'is not valid' }) => [
        instancePath.replace(/^\//, '').replaceAll('/', '.'),
        message,
      ]),
    );
  return frameworkProblem(error, request);
}

/** A problem with all of an error's faults. */
export const problemWith = ({ code, faults }: AppError): RequestError =>
  problemOf(code, {
    detail: faults.map(({ problem: what }) => what).join(' '),
    hint: [...new Set(faults.map(({ hint }) => hint))].join(' '),
    faults,
  });

function invalid(issues: readonly (readonly [field: string, message: string])[]): RequestError {
  const faults = issues.map(([field, message]) => ({
    ...(field !== '' && { field }),
    problem: `${message}.`,
    hint: noHint,
  }));
  return problemOf('request-invalid', {
    detail: faults.map((each) => describeFault({ ...each, hint: '' })).join(' '),
    hint: noHint,
    faults,
  });
}

const internal = (): RequestError =>
  problemOf('internal', {
    detail: 'The service had an internal error.',
    hint: 'Try again. The service log shows the cause.',
  });

const noHint = 'See /docs for the API.';
const refusal = z.object({ code: z.string().optional(), statusCode: z.number().optional() });

/** Errors of Fastify and its plug-ins, by their stable codes. */
const frameworkErrors: {
  readonly [code: string]: readonly [code: ProblemCode, detail: string, hint: string] | undefined;
} = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['body-too-large', 'The body is too large.', 'Send a smaller body.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'media-type-unknown',
    'The content type of the body is not supported.',
    'Send JSON with content-type: application/json.',
  ],
  FST_UNDER_PRESSURE: ['too-busy', 'The service is too busy.', 'Try again later.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request-too-slow', 'The request did not arrive in time.', 'Send it again.'],
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'The headers are too large.', 'Send fewer or shorter headers.'],
};

function knownProblem(errorCode: string): RequestError | undefined {
  const [code, detail = '', hint = ''] = frameworkErrors[errorCode] ?? [];
  return code && problemOf(code, { detail, hint });
}

function frameworkProblem(error: unknown, { method, url }: FastifyRequest): RequestError {
  const { code = '', statusCode = 500 } = refusal.safeParse(error).data ?? {};
  const known = knownProblem(code);
  if (known) return known;
  if (code === 'FST_ERR_HANDLER_TIMEOUT')
    return problemOf('too-slow', { detail: `${method} ${url} took too long.`, hint: 'Try again later.' });
  if (statusCode === 416)
    return problemOf('range-invalid', {
      detail: 'The file has no such range.',
      hint: 'Request a range within the file.',
    });
  if (statusCode < 400 || statusCode >= 500) return internal();
  const detail = error instanceof Error ? `${error.message}.` : 'The request is not valid.';
  return problemOf('request-invalid', { detail, hint: noHint });
}

/** Responds with a problem: as a page if the client prefers HTML, otherwise according to RFC 9457. */
export function answerProblem(
  error: unknown,
  {
    request,
    reply,
    pages,
    log,
  }: { request: FastifyRequest; reply: FastifyReply; pages: Pages | null; log: Log },
): FastifyReply {
  const { problem, headers } = asProblem(error, request);
  if (problem.code === 'internal' || problem.code === 'ledger-unavailable')
    // The URL may contain the secret of a link.
    log.error(
      { method: request.method, url: request.url.replace(/\bonce=[^&]*/g, 'once=…'), error: String(error) },
      'A request failed.',
    );
  reply.code(problem.status).headers(headers).header('cache-control', 'no-store');
  if (pages === null || !wantsPage(request))
    return reply.type('application/problem+json').serializer(JSON.stringify).send(problem);
  if (problem.code === 'login-needed' && request.method === 'GET')
    return reply.redirect(`/login?next=${encodeURIComponent(request.url)}`, 303);
  return reply.type('text/html; charset=utf-8').send(pages.problemPage(problem, request.caller ?? null));
}

const wantsPage = ({ url, headers }: FastifyRequest): boolean =>
  !url.startsWith('/api/') && (headers.accept ?? '').includes('text/html');

/** The same for input that never became a request: it arrived too slowly or is not HTTP. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const { problem } =
    knownProblem(error.code ?? '') ??
    problemOf('request-invalid', { detail: 'This is not HTTP.', hint: noHint });
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

/** A fault on a page, with an address for each page of our docs. */
export const describeOnPage = (given: Fault): string =>
  describeFault({ ...given, hint: withServedDocs(given.hint) });

/** The HTML pages. They use all paths except `/api`, `/docs` and those named here. */
export interface Pages {
  routes(app: FastifyInstance): void | Promise<void>;
  problemPage(problem: Problem, caller: Caller | null): string;
}
