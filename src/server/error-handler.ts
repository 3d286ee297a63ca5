import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../ledger/principal.ts';
import type { Log } from '../log.ts';
import { asProblem, type Problem, problemOf } from './problem.ts';

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
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? problemOf('request-too-slow', {
          detail: 'The request did not arrive in time.',
          hint: 'Send it again.',
        })
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? problemOf('headers-too-large', {
            detail: 'The headers are too large.',
            hint: 'Send fewer or shorter headers.',
          })
        : problemOf('request-invalid', {
            detail: 'This is not HTTP.',
            hint: 'See /docs for the API.',
          });
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

/** The HTML pages. They use all paths except `/api`, `/docs` and those named here. */
export interface Pages {
  routes(app: FastifyInstance): void | Promise<void>;
  /** The page for a problem. */
  problemPage(problem: Problem, caller: Caller | null): string;
}
