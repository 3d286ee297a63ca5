import { chmod } from 'node:fs/promises';
import Fastify from 'fastify';
import type { Office } from '../editions/context.ts';
import { type OperationName, operations } from '../editions/operations.ts';
import { AppError } from '../errors.ts';

/** Far more than any operation asks with. */
const MOST_BYTES = 100_000;
const REQUEST_MS = 30_000;

/**
 * Serves the operations of a ledger to other commands on this machine, over a socket that only its user can open.
 */
export async function serveOperations(office: Office, socket: string): Promise<AsyncDisposable> {
  const server = Fastify({ bodyLimit: MOST_BYTES, requestTimeout: REQUEST_MS, forceCloseConnections: true });
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
  // Its folder keeps others out already; this holds wherever that was changed.
  await chmod(socket, 0o600);
  return { [Symbol.asyncDispose]: () => server.close() };
}

const isOperation = (name: string): name is OperationName => Object.hasOwn(operations, name);
