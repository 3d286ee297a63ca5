import type { FastifyInstance, FastifyRequest } from 'fastify';
import { thisMachine, type Caller } from '../../model/caller.ts';
import { isLoopback } from '../../model/delivery-settings.ts';
import type { Admission } from '../../runtime/admission.ts';
import { problemOf, RequestError } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null for a stranger, who gets no further than what is open. */
    caller: Caller | null;
    /** Why the token that it came with lets nobody in. */
    refusal: RequestError | null;
  }
  interface FastifyContextConfig {
    /** Answers strangers too. */
    open?: boolean;
  }
}

/** The cookie of a browser that logged in. */
export const SESSION = 'sitrep_session';

/** The caller of a request. Throws `login-needed` for a stranger. */
export function callerOf({ caller }: FastifyRequest): Caller {
  if (caller !== null) return caller;
  throw problemOf('login-needed', {
    detail: 'This is not for everybody.',
    mend: 'Log in at /login, or send the header "Authorization: Bearer <token>". "sitrep token add" makes a token.',
  });
}

/** Who comes through a proxy comes from elsewhere, even if the proxy is on this machine. */
const viaProxy = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/** Finds out who asks, and lets nobody further than he may go. `local`: the server can be reached from this machine alone. */
export function guard(
  app: FastifyInstance,
  { admission, local, publicUrl }: { admission: Admission; local: boolean; publicUrl: string | null },
): { mayStill: (request: FastifyRequest) => Promise<boolean> } {
  const publicHost = publicUrl === null ? null : new URL(publicUrl).host;
  app.decorateRequest('caller', null);
  app.decorateRequest('refusal', null);

  /** A page elsewhere whose name is made to lead here (DNS rebinding) still sends its own name as Host. */
  const isFromHere = (request: FastifyRequest): boolean => {
    if (!local || viaProxy.some((header) => header in request.headers)) return false;
    const { host = '' } = request.headers;
    if (isLoopback(host.replace(/:\d*$/, ''))) return true;
    if (publicHost !== null && host.toLowerCase() === publicHost) return false;
    throw problemOf('host-foreign', {
      detail: 'This service does not go by that name.',
      mend: 'Ask for localhost or 127.0.0.1, or set SITREP_PUBLIC_URL to the address it is reached at.',
    });
  };

  const strangerOr = async (request: FastifyRequest): Promise<Caller | null> => {
    const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (request.headers.authorization !== undefined) {
      const found = token === undefined ? undefined : await admission.byToken(token);
      if (found) return found;
      throw problemOf('token-unknown', {
        detail: 'That token lets nobody in: it was revoked, or never given out.',
        mend: '"sitrep token add" makes another.',
      });
    }
    const cookie = request.cookies[SESSION];
    const { valid, value } =
      cookie === undefined ? { valid: false, value: null } : request.unsignCookie(cookie);
    return valid && value !== null ? ((await admission.bySession(value)) ?? null) : null;
  };

  const findOut = async (request: FastifyRequest): Promise<Caller | null> =>
    isFromHere(request) && request.headers.authorization === undefined ? thisMachine : strangerOr(request);

  app.addHook('onRequest', async (request) => {
    try {
      request.caller = await findOut(request);
    } catch (error) {
      if (!(error instanceof RequestError) || error.problem.code !== 'token-unknown') throw error;
      request.refusal = error;
    }
    refuseForeignOrigin(request, publicUrl);
  });
  // Only now, after those who ask too much were turned away: guesses at a token count as well.
  app.addHook('preParsing', async (request) => {
    if (request.refusal !== null) throw request.refusal;
    if (request.routeOptions.config.open !== true) callerOf(request);
  });
  return {
    mayStill: (request) =>
      findOut(request).then(
        (caller) => caller !== null,
        () => false,
      ),
  };
}

/** A change that a page elsewhere has a browser ask for bears that page's origin. Programs send none. */
function refuseForeignOrigin({ method, headers, cookies }: FastifyRequest, publicUrl: string | null): void {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return;
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const isOwn =
    origin === undefined
      ? headers.authorization !== undefined || cookies[SESSION] === undefined || site === 'same-origin'
      : URL.canParse(origin) &&
        (new URL(origin).host === host?.toLowerCase() ||
          (publicUrl !== null && new URL(origin).origin === new URL(publicUrl).origin));
  if (isOwn && (site === undefined || site === 'same-origin' || site === 'none')) return;
  throw problemOf('origin-foreign', {
    detail:
      'A change can be asked for from the pages of this service, or by a program, and not from other pages.',
    mend: 'Behind a proxy, set SITREP_PUBLIC_URL to the address it is reached at.',
  });
}
