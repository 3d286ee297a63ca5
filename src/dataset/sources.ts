import { z } from 'zod';
import { similarTo } from '../errors.ts';

/** The formats of `sitrep import`. */
export const importFormats = ['acled', 'ucdp', 'stix', 'misp', 'table'] as const;
export type ImportFormat = (typeof importFormats)[number];

/** In front of the names of all variables that a source may send. */
export const CREDENTIAL_PREFIX = 'SITREP_SOURCE_';

/** The value of a request header: the variable that has it, after `prefix`. */
const headerValue = z.strictObject({
  // A dataset from somebody else must not choose which secrets of this machine are sent.
  env: z
    .string()
    .regex(
      new RegExp(`^${CREDENTIAL_PREFIX}[A-Z0-9_]+$`),
      `must be the name of a variable that begins with ${CREDENTIAL_PREFIX}`,
    ),
  prefix: z.string().default(''),
});

/** Where incidents come from, in `datapackage.json` under `sitrep.sources`. */
export const sourceSettings = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be of small letters, digits, hyphens and underscores'),
    format: z.enum(importFormats, {
      error: ({ input }) => {
        const similar = typeof input === 'string' ? similarTo(input, importFormats) : undefined;
        return `must be one of ${importFormats.join(', ')}${similar === undefined ? '' : ` (did you mean ${similar}?)`}`;
      },
    }),
    /** A file or glob, relative to the dataset's folder. */
    path: z.string().min(1, 'is empty').optional(),
    url: z
      .url({ protocol: /^https$/, error: 'must be an address that begins with https://' })
      .refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), 'must have no user or password: use "headers"')
      .optional(),
    /** The mapping of a table, relative to the dataset's folder. */
    mapping: z.string().min(1, 'is empty').optional(),
    /** Whether the files have every incident of their period and countries, so that missing ones are withdrawn. */
    complete: z.boolean().default(false),
    /** Days until an incident is published; by default that of the format. */
    lagDays: z.int().nonnegative().optional(),
    /** By name. */
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]+$/, 'is not the name of a header'), headerValue)
      .default({}),
    /** The limit on what an address sends, before and after unpacking. */
    maxBytes: z.int().positive().default(500_000_000),
    /** The limit on the time that an address may take in all. */
    timeoutSeconds: z.int().positive().default(600),
    /** The import is refused if it has less than this share of the rows of the source's last import. */
    shrink: z.number().min(0).max(1).default(0.5),
  })
  .refine(
    ({ path, url }) => (path === undefined) !== (url === undefined),
    'must have either "path" or "url"',
  );
export type SourceSettings = z.output<typeof sourceSettings>;

/** When a dataset's sources are fetched, and what becomes of editions on old data: `sitrep.refresh`. */
export const refreshSettings = z.strictObject({
  /** `slots`: the scheduler refreshes the dataset before a slot of each of its briefs. */
  before: z.literal('slots').optional(),
  /** The data are stale if the last successful check of a source is more days ago. */
  maxAgeDays: z.int().nonnegative().default(1),
  /** Whether an edition on stale data is issued with their age, or put on hold. */
  whenStale: z.enum(['issue', 'hold']).default('issue'),
});
export type RefreshSettings = z.output<typeof refreshSettings>;
