import { z } from 'zod';
import { type Marking, marking, mayReceive } from '../dataset/fields.ts';
import { instant } from './edition.ts';

/** `read` looks; `operate` also has editions made, cancelled and sent. */
export const powers = ['read', 'operate'] as const;
export type Power = (typeof powers)[number];

/** Who asks, what it may do, and up to which marking it may see. What lies above is as if it did not exist. */
export interface Caller {
  readonly name: string;
  /** The user of this system who runs the command; absent for all who come over the network. */
  readonly systemUser?: string;
  readonly may: Power;
  readonly clearance: Marking;
}

/**
 * A command of the user who runs the service. It opened the ledger, or reached its holder through the socket in the
 * ledger's folder: nobody else can do either.
 */
export const commandLine = (systemUser: string): Caller => ({
  name: 'command line',
  systemUser,
  may: 'operate',
  clearance: 'TLP:RED',
});

/** A browser that followed a link which only the user who runs the service can get: that user can read the files anyway. */
export const thisMachine: Caller = { name: 'this machine', may: 'operate', clearance: 'TLP:RED' };

export const maySee = ({ clearance }: Caller, what: Marking): boolean => mayReceive(clearance, what);

/** Whether nothing is above its clearance: it then also sees what has no marking. */
export const seesAll = (caller: Caller): boolean => maySee(caller, 'TLP:RED');

export const tokenName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,59}$/, 'is not a name of letters, digits, points, - and _, at most 60');

/** What lets a program or a person in from elsewhere. Of the token itself only the hash is kept. */
export const tokenRecord = z.strictObject({
  name: tokenName,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256'),
  may: z.enum(powers),
  clearance: marking,
  createdAt: instant,
});
export type TokenRecord = z.output<typeof tokenRecord>;

/** A change that somebody asked for. It is written down before it is made, and what came of it afterwards. */
export const auditRecord = z.strictObject({
  id: z.coerce.number().int(),
  at: instant,
  who: z.string(),
  what: z.string(),
  /** The edition that it is about, or whose delivery; null where it is about none. */
  edition: z.string().nullable(),
  /** What else was asked with. */
  details: z.record(z.string(), z.union([z.string(), z.boolean(), z.record(z.string(), z.string())])),
  outcome: z.enum(['begun', 'done', 'refused', 'failed']),
});
export type AuditRecord = z.output<typeof auditRecord>;
