import { request } from 'node:http';
import { z } from 'zod';
import type { Operate } from '../editions/operations.ts';
import { AppError, errorCodes, fault } from '../errors.ts';

const ANSWER_MS = 60_000;
const failure = z.object({ error: z.enum(errorCodes), faults: z.array(fault) });
/** As Fastify answers for what nobody foresaw. */
const broken = z.object({ statusCode: z.number(), message: z.string() });
const success = z.object({ result: z.json() });

/** Calls operations in the process that holds the ledger. Throws what they throw, and `ledger-unusable`. */
export const operateBy =
  (socket: string): Operate =>
  async (name, input) => {
    const answer = await post(socket, `/operations/${name}`, JSON.stringify(input));
    const failed = failure.safeParse(answer);
    if (failed.success) throw new AppError(failed.data.error, failed.data.faults);
    const unforeseen = broken.safeParse(answer);
    if (!unforeseen.success) return success.parse(answer).result;
    const problem = `The sitrep that holds the ledger failed: ${unforeseen.data.message}.`;
    throw new AppError('ledger-unusable', [{ problem, mend: 'Look at its log and its /readyz.' }]);
  };

function post(socketPath: string, path: string, body: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const call = request(
    {
      socketPath,
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      timeout: ANSWER_MS,
    },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        } catch (error) {
          reject(silent(error));
        }
      });
    },
  );
  call.on('timeout', () => call.destroy(new Error('no answer in time')));
  call.on('error', (error) => reject(silent(error)));
  call.end(body);
  return promise;
}

const silent = (cause: unknown): AppError =>
  new AppError(
    'ledger-unusable',
    [
      {
        problem: 'The sitrep that holds the ledger does not answer.',
        mend: 'Look at its log; it may just have been stopped: try again.',
      },
    ],
    { cause },
  );
