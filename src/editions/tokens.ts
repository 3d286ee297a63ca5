import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Caller, TokenRecord } from '../ledger/principal.ts';
import { audited, type ChangeContext, refused } from './context.ts';

/**
 * Creates a token with 256 random bits. Since it cannot be guessed, a fast hash protects it as well as a slow one; slow
 * hashes are for passwords.
 */
export const newToken = (): string => `sitrep_${randomBytes(32).toString('base64url')}`;

export const hashOfToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/** The entry with that hash. The comparison takes constant time. */
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

/** Adds a token. The caller creates it and passes only its hash. Throws `operation-refused`. */
export const addToken = (context: ChangeContext, token: Omit<TokenRecord, 'createdAt'>): Promise<void> => {
  const { name, may, clearance } = token;
  const change = { what: 'token add', edition: null, details: { name, may, clearance } };
  return audited(context, change, async () => {
    if (!(await context.ledger.addToken({ ...token, createdAt: context.now() })))
      throw refused(`There is a token "${name}" already.`, 'Revoke it first, or choose another name.');
  });
};

/** Throws `operation-refused` if there is no such token. */
export const revokeToken = (context: ChangeContext, name: string): Promise<void> =>
  audited(context, { what: 'token revoke', edition: null, details: { name } }, async () => {
    if (!(await context.ledger.removeToken(name)))
      throw refused(`There is no token "${name}".`, '"sitrep token list" shows them.');
  });
