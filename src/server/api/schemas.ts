import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { storable } from '../../ledger/edition.ts';
import { problem } from '../problem.ts';

/** A server whose routes are typed by their schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** A name in an address. */
export const name = storable.min(1).max(400);

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const briefNamed = z.object({ brief: name.describe('The name of a brief, such as weekly') });
/** An edition in an address: the two halves of its id. */
export const editionNamed = briefNamed.extend({
  edition: name.describe(
    'The name of an edition below its brief, such as 2021-08-22 or 2021-08-22-Letter, percent-encoded',
  ),
});
export const idOf = ({ brief, edition }: z.output<typeof editionNamed>): string => `${brief}/${edition}`;

/** What every route may answer instead: RFC 9457. */
const problems = {
  default: {
    description: 'What was wrong and what to do: the code stays the same from version to version',
    content: { 'application/problem+json': { schema: problem } },
  },
} as const;

/** The schemas of answers, with that of problems. */
export const answers = <T extends object>(responses: T): T & typeof problems => ({
  ...responses,
  ...problems,
});

/** A list with a description, as JSON. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});
export const file = (type: string, description: string) => ({
  description,
  content: { [type]: { schema: z.string() } },
});
