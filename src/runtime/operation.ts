import { z } from 'zod';
import type { Office } from './office.ts';

/** What can be asked, with a schema of what it is asked with: it may come over a socket. */
export const operation = <I extends z.ZodType>(
  input: I,
  run: (office: Office, input: z.output<I>) => Promise<unknown>,
) => ({
  input,
  run: async (office: Office, given: unknown) => run(office, input.parse(given)),
});

export const limit = z.number().int().positive().max(100_000).optional();
