import Fastify, { type FastifyInstance } from 'fastify';
import { callerOf } from './auth.ts';
import { problemOf } from './problem.ts';
import { AppError } from '../errors.ts';
import { seesAll } from '../ledger/principal.ts';

export interface Health {
  /** Why the process is not working; null if it is. `problems` contains only counts, because strangers can read it. */
  readonly condition: () => Promise<{
    readonly reason: string | null;
    readonly problems: readonly { readonly code: string; readonly count: number }[];
  }>;
  readonly metrics: { read(): Promise<string>; readonly contentType: string };
}

/**
 * `/healthz` (the process responds), `/readyz` (it does its work) and `/metrics`. The metrics count all editions, so
 * with authentication they need the highest clearance.
 */
export function health(
  app: FastifyInstance,
  { condition, metrics }: Health,
  { guarded }: { guarded: boolean },
): void {
  const hidden = { schema: { hide: true } };
  app.get('/healthz', { config: { open: true }, ...hidden }, () => ({ status: 'alive' }));
  app.get('/readyz', { config: { open: true }, ...hidden }, async (_request, reply) => {
    const { reason, problems } = await condition().catch(() => ({
      reason: 'The ledger cannot be read.',
      problems: [],
    }));
    return reason === null
      ? { status: 'ready', problems }
      : reply.code(503).send({ status: 'not ready', reason, problems });
  });
  app.get('/metrics', { config: { open: !guarded }, ...hidden }, async (request, reply) => {
    if (guarded && !seesAll(callerOf(request)))
      throw problemOf('operation-forbidden', {
        detail: 'The metrics count all editions.',
        hint: 'Use a token with the clearance TLP:RED.',
      });
    return reply.type(metrics.contentType).send(await metrics.read());
  });
}

/** Serves only these routes, for a process without the server role. Returns its port. */
export async function serveHealth(
  served: Health,
  where: { host: string; port: number },
): Promise<AsyncDisposable & { port: number }> {
  const app = Fastify({ forceCloseConnections: true });
  health(app, served, { guarded: false });
  return listen(app, where);
}

/** Starts listening and returns the port. Throws `settings-invalid` if the address cannot be used. */
export async function listen(
  app: FastifyInstance,
  { host, port }: { host: string; port: number },
): Promise<AsyncDisposable & { port: number }> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const problem = `The port ${port} on ${host} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new AppError('settings-invalid', { problem, hint: 'Set SITREP_PORT to a free port.' }, { cause });
  }
  const [address] = app.addresses();
  const bound = typeof address === 'object' ? address.port : port;
  return { port: bound, [Symbol.asyncDispose]: () => app.close() };
}
