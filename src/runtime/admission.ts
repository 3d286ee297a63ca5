import { randomBytes } from 'node:crypto';
import type { Caller } from '../model/caller.ts';
import type { Ledger } from './ledger.ts';
import { callerWith, hashOfToken, tokenWith } from './tokens.ts';

/** Who is let in: by a token, or by what a browser holds instead of it. The ledger is asked each time. */
export interface Admission {
  byToken(token: string): Promise<Caller | undefined>;
  /** What stands for a token in a browser, to be signed: not the token, and good for a while. */
  sessionOf(token: string): Promise<string | undefined>;
  bySession(session: string): Promise<Caller | undefined>;
}

export const SESSION_SECONDS = 12 * 3600;

export function openAdmission(ledger: Pick<Ledger, 'tokens'>, { now }: { now: () => Date }): Admission {
  const find = async (token: string) => tokenWith(await ledger.tokens(), hashOfToken(token));
  return {
    async byToken(token) {
      const found = await find(token);
      return found && callerWith(found);
    },
    async sessionOf(token) {
      const found = await find(token);
      return found && `${hashOfToken(found.sha256)}.${now().getTime() + SESSION_SECONDS * 1000}`;
    },
    async bySession(session) {
      const [name = '', expires = ''] = session.split('.');
      if (!/^\d{1,15}$/.test(expires) || Number(expires) <= now().getTime()) return undefined;
      const found = (await ledger.tokens()).find(({ sha256 }) => hashOfToken(sha256) === name);
      return found && callerWith(found);
    },
  };
}

/** The key that sessions are signed with: made once and kept in the ledger, so that all its servers have the same. */
export const sessionKey = (ledger: Pick<Ledger, 'secret'>): Promise<string> =>
  ledger.secret('session', randomBytes(32).toString('base64url'));
