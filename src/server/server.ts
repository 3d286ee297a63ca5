import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import fastifyStatic from '@fastify/static';
import underPressure from '@fastify/under-pressure';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
} from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { api } from './api/api.ts';
import { guard, login, sessionCookie } from './auth.ts';
import { eventStreams } from './events.ts';
import { type Health, health, listen } from './health.ts';
import { answerBrokenRequest, answerProblem, type Pages, problemOf } from './problem.ts';
import type { Sessions } from '../editions/access.ts';
import type { EditionService } from '../editions/service.ts';
import { withServedDocs } from '../errors.ts';
import type { Log } from '../log.ts';

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | null;
  readonly requestsPerMinute: number;
  /** Time limit for receiving a request. */
  readonly arriveMs?: number;
  /** Maximum event-loop delay; above it the server refuses requests. */
  readonly mostDelayMs?: number;
  /** Maximum length of an event stream, after which the browser reconnects. */
  readonly longestStreamMs?: number;
}

export interface Served {
  readonly service: EditionService;
  readonly sessions: Sessions;
  readonly key: string;
  readonly health: Health;
  readonly readAsset: (name: string) => Promise<string>;
  readonly pages: Pages | null;
  readonly log: Log;
}

/** Enough for requests, which are small forms. */
const MOST_BYTES = 16_384;
const ARRIVE_MS = 15_000;
/** How often slow requests are looked for within the time limit. Node's default interval is 30 s. */
const LOOKS_FOR_SLOW = 5;
/** Time limit for responding to a request. */
const ANSWER_MS = 30_000;
const MOST_CONNECTIONS = 500;
const MOST_DELAY_MS = 2_000;
/** Maximum length of an edition's name in a URL. */
const MOST_PARAM = 400;

/** Pages may load resources only from this server. */
const policy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    frameSrc: ["'self'"],
    formAction: ["'self'"],
    baseUri: ["'none'"],
    frameAncestors: ["'self'"],
  },
};

export async function serve(
  served: Served,
  { arriveMs = ARRIVE_MS, ...options }: ServerOptions,
): Promise<AsyncDisposable & { port: number }> {
  const { service, sessions, key, pages, log } = served;
  const { publicUrl } = options;
  const cookieName = sessionCookie(key);
  const secure = publicUrl?.startsWith('https:') ?? false;
  const answer = (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
    answerProblem(error, { request, reply, pages, log });
  const app = Fastify({
    // Handles requests refused before routing.
    frameworkErrors: (error, request, reply) => void answer(error, request, reply),
    clientErrorHandler: answerBrokenRequest,
    bodyLimit: MOST_BYTES,
    requestTimeout: arriveMs,
    // If the headers' limit exceeds the request's, Node swaps the two, and a body would get the one-minute limit for
    // headers.
    http: { headersTimeout: arriveMs, connectionsCheckingInterval: arriveMs / LOOKS_FOR_SLOW },
    connectionTimeout: 2 * ANSWER_MS,
    handlerTimeout: ANSWER_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: MOST_PARAM },
  });
  app.server.maxConnections = MOST_CONNECTIONS;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const routes = collectRoutes(app);
  app.setErrorHandler(answer);
  app.addHook('preSerialization', async (_request, _reply, payload) => withServedHints(payload));

  await app.register(helmet, {
    contentSecurityPolicy: policy,
    strictTransportSecurity: secure,
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'sameorigin' },
  });
  await app.register(cookie, { secret: key });
  await app.register(formbody);
  // Registered only for `sendFile`; no folder is served.
  await app.register(fastifyStatic, { serve: false });
  const { mayStill } = guard(app, { sessions, cookie: cookieName, publicUrl });
  await app.register(rateLimit, {
    max: options.requestsPerMinute,
    timeWindow: '1 minute',
    keyGenerator: ({ caller, ip }) => caller?.name ?? ip,
    errorResponseBuilder: (_request, { after, ttl }) =>
      problemOf('too-many-requests', {
        detail: 'You sent too many requests in a minute.',
        hint: `Try again in ${after}.`,
        retryAfterSeconds: Math.ceil(ttl / 1000),
      }),
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) =>
    answer(
      problemOf('not-found', {
        detail: `There is nothing at ${request.url.split('?')[0] ?? ''}.`,
        hint: 'See /docs for the API.',
      }),
      request,
      reply,
    ),
  );
  health(app, served.health, { guarded: true });
  await app.register(async (scope) => {
    await scope.register(underPressure, { maxEventLoopDelay: options.mostDelayMs ?? MOST_DELAY_MS });
    login(scope, { sessions, cookie: cookieName, secure });
    const sendEvents = eventStreams(service, { mayStill, log, longestMs: options.longestStreamMs });
    await api(scope, service, { sendEvents, readAsset: served.readAsset });
    await pages?.routes(scope);
  });
  refuseOtherMethods(app, routes);
  return listen(app, options);
}

/** The answer with an address for each page of our docs that a hint names. */
function withServedHints(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withServedHints);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]: [string, unknown]) => [
      key,
      key === 'hint' && typeof each === 'string' ? withServedDocs(each) : withServedHints(each),
    ]),
  );
}

const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
type Routes = ReadonlyMap<string, ReadonlySet<string>>;

/** Collects the methods of each path as routes are added from now on. */
function collectRoutes(app: FastifyInstance): Routes {
  const routes = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? new Set();
    for (const each of [method].flat()) known.add(each);
    routes.set(url, known);
  });
  return routes;
}

/** Responds to other methods on known paths with 405 instead of 404. */
function refuseOtherMethods(app: FastifyInstance, routes: Routes): void {
  for (const [url, known] of new Map(routes)) {
    // Fastify reports only part of a path that ends in a slash.
    if (url.includes('*') || /.\/$/.test(url)) continue;
    const allow = methods.filter((method) => known.has(method));
    const others = methods.filter((method) => !known.has(method));
    if (others.length === 0) continue;
    const refuse = () => {
      throw problemOf('method-not-allowed', {
        detail: `This address supports only ${allow.join(', ')}.`,
        hint: 'See /docs for the API.',
        allow,
      });
    };
    app.route({ method: others, url, schema: { hide: true }, preParsing: refuse, handler: refuse });
  }
}
