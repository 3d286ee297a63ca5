import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { storable } from '../../ledger/records.ts';
import { problemDetails } from '../problem.ts';

/** A server whose route types come from their schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export const name = storable.min(1).max(400);

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const briefNamed = z.object({ brief: name.describe('The name of a brief, such as weekly') });
/** An edition in a URL: the two halves of its id. */
export const editionNamed = briefNamed.extend({
  edition: name.describe(
    'The name of an edition within its brief, such as 2021-08-22 or 2021-08-22-Letter, percent-encoded',
  ),
});
export const idOf = ({ brief, edition }: z.output<typeof editionNamed>): string => `${brief}/${edition}`;

/** Error responses of every route: RFC 9457. */
const problems = {
  default: {
    description: 'What is wrong and how to fix it. Codes do not change between versions',
    content: { 'application/problem+json': { schema: problemDetails } },
  },
} as const;

/** The schema of a route in the documented API, with the error responses. */
export const about = <S extends { readonly summary: string; readonly response: object }>(
  tag: 'Briefs' | 'Editions' | 'Deliveries' | 'Record',
  schema: S,
) => ({
  schema: {
    ...schema,
    tags: [tag],
    response: { ...schema.response, ...problems },
  },
});

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});
export const file = (type: string, description: string) => ({
  description,
  content: { [type]: { schema: z.string() } },
});
