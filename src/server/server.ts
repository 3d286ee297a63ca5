import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import fastifyStatic from '@fastify/static';
import underPressure from '@fastify/under-pressure';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { EditionService } from '../editions/service.ts';
import type { Sessions } from '../editions/access.ts';
import type { Log } from '../log.ts';
import { api } from './api/api.ts';
import { guard, sessionCookie } from './auth.ts';
import { type Pages, answerProblem, answerBrokenRequest } from './error-handler.ts';
import { eventStreams } from './events.ts';
import { type Health, health } from './health.ts';
import { listen } from './listen.ts';
import { login } from './login.ts';
import { collectRoutes, refuseOtherMethods } from './methods.ts';
import { problemOf } from './problem.ts';

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
  /** The key that signs session cookies. */
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
const LOGINS_PER_MINUTE = 10;
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

/** Serves the API and the pages. Returns the port. */
export async function serve(
  served: Served,
  {
    host,
    port,
    publicUrl,
    requestsPerMinute,
    arriveMs = ARRIVE_MS,
    mostDelayMs = MOST_DELAY_MS,
    longestStreamMs,
  }: ServerOptions,
): Promise<AsyncDisposable & { port: number }> {
  const { service, sessions, key, pages, log } = served;
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
    max: requestsPerMinute,
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
    await scope.register(underPressure, { maxEventLoopDelay: mostDelayMs });
    login(scope, { sessions, cookie: cookieName, secure, attemptsPerMinute: LOGINS_PER_MINUTE });
    const sendEvents = eventStreams(service, { mayStill, log, longestMs: longestStreamMs });
    await api(scope, service, { sendEvents, readAsset: served.readAsset });
    await pages?.routes(scope);
  });
  refuseOtherMethods(app, routes);
  return listen(app, { host, port });
}
