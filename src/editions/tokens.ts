import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { type Caller, type TokenRecord, tokenRecord } from '../ledger/principal.ts';
import { recorded } from './audit.ts';
import { operation, refused } from './context.ts';

/**
 * A token is 256 random bits. Nobody can guess them, so that a fast hash keeps them as well as a slow one would: that
 * is for passwords, which people choose.
 */
export const newToken = (): string => `sitrep_${randomBytes(32).toString('base64url')}`;

export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** The entry with that hash. The comparison always takes the same time. */
export function tokenWith<T extends { readonly sha256: string }>(
  tokens: Iterable<T>,
  sha256: string,
): T | undefined {
  const wanted = Buffer.from(sha256, 'hex');
  let found: T | undefined;
  for (const token of tokens) {
    const hash = Buffer.from(token.sha256, 'hex');
    if (hash.length === wanted.length && timingSafeEqual(hash, wanted)) found = token;
  }
  return found;
}

export const callerWith = ({ name, may, clearance }: TokenRecord): Caller => ({ name, may, clearance });

const named = z.strictObject({ name: z.string() });

/** The operations on tokens. The token itself never passes through here: who adds it keeps it. */
export const tokenOperations = {
  addToken: operation(tokenRecord.omit({ createdAt: true }), async (office, token) => {
    const { name, may, clearance } = token;
    return recorded(
      office,
      { what: 'token add', edition: null, details: { name, may, clearance } },
      async () => {
        if (!(await office.ledger.addToken({ ...token, createdAt: office.now() })))
          throw refused(`There is a token "${name}" already.`, 'Revoke it first, or choose another name.');
        return [name];
      },
    );
  }),

  tokens: operation(z.strictObject({}), async ({ ledger }) =>
    (await ledger.tokens()).map(({ name, may, clearance, createdAt }) => ({
      name,
      may,
      clearance,
      createdAt,
    })),
  ),

  revokeToken: operation(named, async (office, { name }) =>
    recorded(office, { what: 'token revoke', edition: null, details: { name } }, async () => {
      if (!(await office.ledger.removeToken(name)))
        throw refused(`There is no token "${name}".`, '"sitrep token list" shows them.');
      return [name];
    }),
  ),
} as const;
