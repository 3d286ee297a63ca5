import { z } from 'zod';
import { instant } from './records.ts';
import { type Marking, marking, mayReceive } from '../dataset/fields.ts';

/** `read` looks at data; `operate` also generates, cancels and sends editions. */
export const powers = ['read', 'operate'] as const;
export type Power = (typeof powers)[number];

/** The person or program that makes a request. Data above its clearance do not exist for it. */
export interface Caller {
  readonly name: string;
  /** The system user who runs the command; absent for callers over the network. */
  readonly systemUser?: string;
  readonly may: Power;
  readonly clearance: Marking;
}

/** A command run by the service's own user. Only that user can open the ledger or reach the socket in its folder. */
export const commandLine = (systemUser: string): Caller => ({
  name: 'command line',
  systemUser,
  may: 'operate',
  clearance: 'TLP:RED',
});

/** A browser that followed a login link. Only the service's own user, who can read the files anyway, gets one. */
export const thisMachine: Caller = { name: 'this machine', may: 'operate', clearance: 'TLP:RED' };

export const maySee = ({ clearance }: Caller, what: Marking): boolean => mayReceive(clearance, what);

/** Whether the caller has the highest clearance, and therefore also sees data without a marking. */
export const seesAll = (caller: Caller): boolean => maySee(caller, 'TLP:RED');

export const tokenName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,59}$/, 'is not a name of letters, digits, points, - and _, at most 60');

/** A token that gives a program or person access over the network. Only its hash is stored. */
export const tokenRecord = z.strictObject({
  name: tokenName,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256'),
  may: z.enum(powers),
  clearance: marking,
  createdAt: instant,
});
export type TokenRecord = z.output<typeof tokenRecord>;

/** A requested change. It is recorded before it happens, and its outcome is added afterwards. */
export const auditRecord = z.strictObject({
  id: z.coerce.number().int(),
  at: instant,
  who: z.string(),
  what: z.string(),
  /** The edition that the change or its delivery belongs to; null if it concerns none. */
  edition: z.string().nullable(),
  /** Other arguments of the request. */
  details: z.record(z.string(), z.union([z.string(), z.boolean(), z.record(z.string(), z.string())])),
  outcome: z.enum(['begun', 'done', 'refused', 'failed']),
});
export type AuditRecord = z.output<typeof auditRecord>;
