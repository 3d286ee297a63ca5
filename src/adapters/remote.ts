import { request } from 'node:http';
import { z } from 'zod';
import { AppError } from '../model/fault.ts';
import type { Operate } from '../runtime/operations.ts';

const ANSWER_MS = 60_000;
const fault = z.object({
  file: z.string().optional(),
  row: z.number().optional(),
  line: z.number().optional(),
  field: z.string().optional(),
  problem: z.string(),
  mend: z.string(),
});
const answer = z.union([
  z.object({ result: z.json() }),
  z.object({
    error: z.enum(['edition-unknown', 'brief-unknown', 'brief-invalid', 'operation-refused']),
    faults: z.array(fault),
  }),
]);

/** Calls operations in the process that holds the ledger. Throws what they throw, and `ledger-unusable`. */
export const operateBy =
  (socket: string): Operate =>
  async (name, input) => {
    const parsed = answer.safeParse(await post(socket, `/operations/${name}`, JSON.stringify(input)));
    if (parsed.success && 'result' in parsed.data) return parsed.data.result;
    if (!parsed.success) throw silent(parsed.error);
    const { error, faults } = parsed.data;
    throw new AppError(
      error,
      // Absent fields stay absent.
      faults.map(({ problem, mend, ...where }) => ({ ...definedOf(where), problem, mend })),
    );
  };

const definedOf = <T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;

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
