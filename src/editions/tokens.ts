import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Caller, TokenRecord } from '../ledger/principal.ts';
import { audited, type ChangeContext, refused } from './context.ts';

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

/** Adds a token, which never passes through here: who makes it gives its hash. Throws `operation-refused`. */
export const addToken = (context: ChangeContext, token: Omit<TokenRecord, 'createdAt'>): Promise<void> => {
  const { name, may, clearance } = token;
  const change = { what: 'token add', edition: null, details: { name, may, clearance } };
  return audited(context, change, async () => {
    if (!(await context.ledger.addToken({ ...token, createdAt: context.now() })))
      throw refused(`There is a token "${name}" already.`, 'Revoke it first, or choose another name.');
  });
};

/** Throws `operation-refused` where there is no such token. */
export const revokeToken = (context: ChangeContext, name: string): Promise<void> =>
  audited(context, { what: 'token revoke', edition: null, details: { name } }, async () => {
    if (!(await context.ledger.removeToken(name)))
      throw refused(`There is no token "${name}".`, '"sitrep token list" shows them.');
  });
