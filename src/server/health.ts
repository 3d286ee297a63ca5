import Fastify, { type FastifyInstance } from 'fastify';
import { seesAll } from '../ledger/principal.ts';
import { callerOf } from './auth.ts';
import { listen } from './listen.ts';
import { problemOf } from './problem.ts';

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
