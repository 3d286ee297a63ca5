import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { problemOf, RequestError } from './problem.ts';
import { hashOfToken, SESSION_SECONDS, type Sessions } from '../editions/access.ts';
import type { Caller } from '../ledger/principal.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The authenticated caller; null for a stranger, who may use only open routes. */
    caller: Caller | null;
    refusal: RequestError | null;
  }
  interface FastifyContextConfig {
    open?: boolean;
  }
}

/**
 * The name of the session cookie. Browsers send a host's cookies to all its ports. Two ledgers served on one machine
 * have different keys and therefore different cookie names, so that logging in to one does not log the user out of the
 * other.
 */
export const sessionCookie = (key: string): string => `sitrep_session_${hashOfToken(key).slice(0, 8)}`;

/** The caller of a request. Throws `login-needed` for a stranger. */
export function callerOf({ caller }: FastifyRequest): Caller {
  if (caller !== null) return caller;
  throw problemOf('login-needed', {
    detail: 'You are not logged in.',
    hint: 'In a browser, log in at /login, or run "sitrep open" on the machine that runs Sitrep. In a program, send the header "Authorization: Bearer <token>"; "sitrep token add" creates a token.',
  });
}

/** Authenticates each request by its token or session, and refuses strangers on routes that are not open. */
export function guard(
  app: FastifyInstance,
  { sessions, cookie, publicUrl }: { sessions: Sessions; cookie: string; publicUrl: string | null },
): { mayStill: (request: FastifyRequest) => Promise<boolean> } {
  app.decorateRequest('caller', null);
  app.decorateRequest('refusal', null);

  const identify = async (request: FastifyRequest): Promise<Caller | null> => {
    const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (request.headers.authorization !== undefined) {
      const found = token === undefined ? undefined : await sessions.byToken(token);
      if (found) return found;
      throw problemOf('token-unknown', {
        detail: 'This token is not valid. It may be mistyped or revoked.',
        hint: '"sitrep token add" creates a new one.',
      });
    }
    const { valid, value } = request.unsignCookie(request.cookies[cookie] ?? '');
    return valid ? ((await sessions.bySession(value)) ?? null) : null;
  };

  app.addHook('onRequest', async (request) => {
    try {
      request.caller = await identify(request);
    } catch (error) {
      if (!(error instanceof RequestError) || error.problem.code !== 'token-unknown') throw error;
      request.refusal = error;
    }
    refuseForeignOrigin(request, { cookie, publicUrl });
  });
  // This runs after the rate limit, so that guesses at a token count towards it.
  app.addHook('preParsing', async (request) => {
    if (request.refusal !== null) throw request.refusal;
    if (request.routeOptions.config.open !== true) callerOf(request);
  });
  return { mayStill: async (request) => (await identify(request).catch(() => null)) !== null };
}

/** Refuses a change that another site's page makes a browser send. Programs send no origin. */
function refuseForeignOrigin(
  { method, headers, cookies }: FastifyRequest,
  { cookie, publicUrl }: { cookie: string; publicUrl: string | null },
): void {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return;
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const isOwn =
    origin === undefined
      ? headers.authorization !== undefined || cookies[cookie] === undefined || site === 'same-origin'
      : URL.canParse(origin) &&
        (new URL(origin).host === host?.toLowerCase() ||
          (publicUrl !== null && new URL(origin).origin === new URL(publicUrl).origin));
  if (isOwn && (site === undefined || site === 'same-origin' || site === 'none')) return;
  throw problemOf('origin-foreign', {
    detail:
      'This request came from a page of another site. Only this service’s own pages and programs can request changes.',
    hint: 'Behind a proxy, set SITREP_PUBLIC_URL to the public address of this service.',
  });
}

const LOGINS_PER_MINUTE = 10;
const form = z.object({ token: z.string().max(500), next: z.string().max(2000).default('/') });
const link = z.object({ once: z.string().max(500).default('') });

/** The URL of a link that logs one browser in. */
export const linkTo = (address: string, secret: string): string => `${address}/open?once=${secret}`;

/** Restricts a redirect to paths on this server. */
export const ownPath = (path: string): string => (/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(path) ? path : '/');

/** Logs in with a token or with a link that works once, by setting a cookie, and logs out by clearing it. */
export function login(
  app: FastifyInstance,
  { sessions, cookie: name, secure }: { sessions: Sessions; cookie: string; secure: boolean },
): void {
  // Lax, so that a reader who follows a link in webmail is still logged in. Changes are not made by links, and they
  // also require this service's origin (`refuseForeignOrigin`).
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const;
  const session = { ...cookie, signed: true, maxAge: SESSION_SECONDS };
  const config = { open: true, rateLimit: { max: LOGINS_PER_MINUTE, timeWindow: '1 minute' } };
  const hidden = { schema: { hide: true } };
  app.post('/login', { config, ...hidden }, async (request, reply) => {
    const { token, next } = form.parse(request.body);
    const value = await sessions.sessionOf(token.trim());
    if (value === undefined)
      return reply.redirect(`/login?refused=token&next=${encodeURIComponent(ownPath(next))}`, 303);
    return reply.setCookie(name, value, session).redirect(ownPath(next), 303);
  });
  // No HEAD route, because a link checker would use up the link.
  app.get('/open', { config: { open: true }, exposeHeadRoute: false, ...hidden }, (request, reply) => {
    const value = sessions.sessionByLink(link.parse(request.query).once);
    if (value !== undefined) return reply.setCookie(name, value, session).redirect('/', 303);
    return reply.redirect(request.caller === null ? '/login?refused=link' : '/', 303);
  });
  app.post('/logout', { config: { open: true }, ...hidden }, (_request, reply) =>
    reply.clearCookie(name, cookie).redirect('/login', 303),
  );
}
