import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.ts';

/** Starts listening and returns the port. Throws `settings-invalid` if the address cannot be used. */
export async function listen(
  app: FastifyInstance,
  { host, port }: { host: string; port: number },
): Promise<AsyncDisposable & { port: number }> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const problem = `The port ${port} on ${host} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new AppError('settings-invalid', [{ problem, hint: 'Set SITREP_PORT to a free port.' }], { cause });
  }
  const [address] = app.addresses();
  const bound = typeof address === 'object' ? address.port : port;
  return { port: bound, [Symbol.asyncDispose]: () => app.close() };
}
