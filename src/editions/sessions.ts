import { randomBytes } from 'node:crypto';
import { type Caller, thisMachine } from '../ledger/principal.ts';
import type { Ledger } from '../ledger/types.ts';
import { callerWith, hashOfToken, tokenWith } from './tokens.ts';

/** Who is let in: by a token, by a link that works once, or by the session that a browser got for one of them. */
export interface Admission {
  byToken(token: string): Promise<Caller | undefined>;
  /** What stands for a token in a browser, to be signed: not the token, and good for a while. */
  sessionOf(token: string): Promise<string | undefined>;
  /** The secret of a link that lets one browser in as this machine's operator. */
  newLink(): string;
  /** The same as `sessionOf` for the secret of a link, which works only once. */
  sessionByLink(secret: string): string | undefined;
  bySession(session: string): Promise<Caller | undefined>;
}

export const SESSION_SECONDS = 12 * 3600;
/** A link that nobody has followed after this long is void: it may be in the scrollback of a terminal. */
const LINK_MS = 3600 * 1000;
/** Stands in a session where the hash of a token would be, and is not one. */
const MACHINE = 'this-machine';

export function openAdmission(ledger: Pick<Ledger, 'tokens'>, { now }: { now: () => Date }): Admission {
  const find = async (token: string) => tokenWith(await ledger.tokens(), hashOfToken(token));
  const sessionFor = (name: string) => `${name}.${now().getTime() + SESSION_SECONDS * 1000}`;
  /** Links that nobody has followed yet. They end with the process, and only their hashes are kept. */
  let links: readonly { readonly sha256: string; readonly endsMs: number }[] = [];
  const openLinks = () => links.filter(({ endsMs }) => endsMs > now().getTime());
  return {
    async byToken(token) {
      const found = await find(token);
      return found && callerWith(found);
    },
    async sessionOf(token) {
      const found = await find(token);
      return found && sessionFor(hashOfToken(found.sha256));
    },
    newLink() {
      const secret = randomBytes(32).toString('base64url');
      links = [...openLinks(), { sha256: hashOfToken(secret), endsMs: now().getTime() + LINK_MS }];
      return secret;
    },
    sessionByLink(secret) {
      const found = tokenWith(openLinks(), hashOfToken(secret));
      if (found === undefined) return undefined;
      links = links.filter((link) => link !== found);
      return sessionFor(MACHINE);
    },
    async bySession(session) {
      const [name = '', expires = ''] = session.split('.');
      if (!/^\d{1,15}$/.test(expires) || Number(expires) <= now().getTime()) return undefined;
      if (name === MACHINE) return thisMachine;
      const found = (await ledger.tokens()).find(({ sha256 }) => hashOfToken(sha256) === name);
      return found && callerWith(found);
    },
  };
}

/**
 * The key that sessions are signed with: made once and kept in the ledger, so that all its servers have the same. The
 * key "session" of earlier versions is not used any more: other users of the machine could read it in the snapshot.
 */
export const sessionKey = (ledger: Pick<Ledger, 'secret'>): Promise<string> =>
  ledger.secret('browser-session', randomBytes(32).toString('base64url'));
