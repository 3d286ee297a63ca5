import { z } from 'zod';
import { alignColumns } from './table.ts';

/** What the commands print of an edition, as operations give it. */
export const edition = z.looseObject({
  id: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  slot: z.string().nullable(),
  origin: z.string(),
  partOf: z.string().nullable(),
  pages: z.number().nullable(),
  deliveries: z.record(z.string(), z.number()),
  runs: z
    .array(
      z.looseObject({
        number: z.number(),
        startedAt: z.string(),
        outcome: z.string(),
        reason: z.string().nullable(),
      }),
    )
    .optional(),
  approvals: z
    .array(
      z.looseObject({
        decision: z.string(),
        sha256: z.string(),
        user: z.string(),
        namedBy: z.string(),
        claimedName: z.string().nullable(),
        decidedAt: z.string(),
      }),
    )
    .optional(),
});
/** The same of a delivery. */
export const delivery = z.looseObject({
  id: z.string(),
  edition: z.string(),
  channel: z.string(),
  address: z.string(),
  content: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  attempt: z.number(),
  settledAt: z.string().nullable(),
});

/** Who decided what of an edition: a name that somebody claimed is told apart from the one that the system knows. */
export const decisionsTable = (approvals: NonNullable<z.output<typeof edition>['approvals']>): string =>
  alignColumns([
    ['DECISION', 'AT (UTC)', 'BY', 'SHA-256'],
    ...approvals.map(({ decision, decidedAt, claimedName, user, namedBy, sha256 }) => {
      const known = `${user} (${namedBy === 'system' ? 'system user' : 'let in by the server'})`;
      const by = claimedName === null ? known : `${claimedName}, so says ${known}`;
      return [decision, decidedAt.slice(0, 19).replace('T', ' '), by, sha256];
    }),
  ]);

export const countsOf = (deliveries: { readonly [state: string]: number }): string =>
  Object.entries(deliveries)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');

/** What came over no socket has dates where JSON has text. */
export const toJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
