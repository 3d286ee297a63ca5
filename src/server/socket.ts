import { chmod } from 'node:fs/promises';
import fastifyStatic from '@fastify/static';
import Fastify from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { routes } from './api/routes.ts';
import { localRoutes } from './api/local.ts';
import { eventStreams } from './events.ts';
import { answerProblem, asProblem, problemOf, problemWith } from './problem.ts';
import type { EditionService } from '../editions/service.ts';
import { AppError } from '../errors.ts';
import type { Caller } from '../ledger/principal.ts';
import type { Log } from '../log.ts';

/** Far more than any command sends. */
const MOST_BYTES = 100_000;
const REQUEST_MS = 30_000;

/**
 * Serves the API to other commands on this machine, over a socket in the ledger's folder. Only this process's user can
 * open the socket, so every caller is that user: the file's permission is the authentication.
 */
export async function serveSocket(
  service: EditionService,
  { path, caller, log }: { path: string; caller: Caller; log: Log },
): Promise<AsyncDisposable> {
  const server = Fastify({ bodyLimit: MOST_BYTES, requestTimeout: REQUEST_MS, forceCloseConnections: true });
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  // This caller may see every fault, including those that name a folder or a database, and unexpected errors.
  server.setErrorHandler((error, request, reply) => {
    const known = error instanceof AppError ? problemWith(error) : asProblem(error, request);
    const shown =
      known.problem.code === 'internal'
        ? problemOf('internal', { detail: `${String(error)}.`, hint: 'Read the log of that process.' })
        : known;
    return answerProblem(shown, { request, reply, pages: null, log });
  });
  server.decorateRequest('caller', null);
  server.addHook('onRequest', async (request) => {
    request.caller = caller;
  });
  await server.register(fastifyStatic, { serve: false });
  const app = server.withTypeProvider<ZodTypeProvider>();
  const sendEvents = eventStreams(service, { mayStill: () => Promise.resolve(true), log });
  routes(app, service, { sendEvents });
  localRoutes(app, service);
  await server.listen({ path });
  // The ledger's folder already keeps others out. This still protects the socket if the folder's mode was changed.
  await chmod(path, 0o600);
  return { [Symbol.asyncDispose]: () => server.close() };
}
