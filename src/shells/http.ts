import Fastify, { type FastifyInstance } from 'fastify';
import { AppError } from '../model/fault.ts';
import type { Office } from '../runtime/office.ts';
import { operations, type OperationName } from '../runtime/operations.ts';

/** Far more than any operation asks with. */
const MOST_BYTES = 100_000;
const REQUEST_MS = 30_000;

const newServer = (): FastifyInstance =>
  Fastify({ bodyLimit: MOST_BYTES, requestTimeout: REQUEST_MS, forceCloseConnections: true });

/**
 * Serves the operations of a ledger to other commands on this machine, over a socket that only its user can open.
 */
export async function serveOperations(office: Office, socket: string): Promise<AsyncDisposable> {
  const server = newServer();
  server.post<{ Params: { name: string } }>('/operations/:name', async ({ params, body }, reply) => {
    if (!isOperation(params.name)) return reply.code(404).send({ error: 'unknown', faults: [] });
    try {
      return { result: await operations[params.name].run(office, body) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return reply.code(422).send({ error: error.code, faults: error.faults });
    }
  });
  await server.listen({ path: socket });
  return { [Symbol.asyncDispose]: () => server.close() };
}

const isOperation = (name: string): name is OperationName => Object.hasOwn(operations, name);

export interface Health {
  /** Why the process does not work as it should; null when it does. */
  readonly ailment: () => Promise<string | null>;
  readonly metrics: { read(): Promise<string>; readonly contentType: string };
}

/** Serves `/healthz` (the process answers), `/readyz` (it does its work) and `/metrics`. Gives the port it has. */
export async function serveHealth(
  { ailment, metrics }: Health,
  { host, port }: { host: string; port: number },
): Promise<AsyncDisposable & { port: number }> {
  const server = newServer();
  server.get('/healthz', () => ({ status: 'alive' }));
  server.get('/readyz', async (_request, reply) => {
    const reason = await ailment();
    return reason === null ? { status: 'ready' } : reply.code(503).send({ status: 'not ready', reason });
  });
  server.get('/metrics', async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.read()),
  );
  try {
    await server.listen({ host, port });
  } catch (cause) {
    const problem = `The port ${port} on ${host} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new AppError('settings-invalid', [{ problem, mend: 'Set SITREP_PORT to a free port.' }], { cause });
  }
  const [address] = server.addresses();
  const bound = typeof address === 'object' ? address.port : port;
  return { port: bound, [Symbol.asyncDispose]: () => server.close() };
}
