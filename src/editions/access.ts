import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Caller, thisMachine, type TokenRecord } from '../ledger/principal.ts';
import type { Ledger } from '../ledger/types.ts';
import { audited, type ChangeContext, refused } from './context.ts';

export type Sessions = ReturnType<typeof openSessions>;

export const SESSION_SECONDS = 12 * 3600;
/** Unused links expire after this time, because they may stay in a terminal's scrollback. */
const LINK_MS = 3600 * 1000;
/** Replaces the token's hash in sessions that came from a link. It cannot be a hash. */
const MACHINE = 'this-machine';

/** Authenticates by a token, by a link that works once, or by a browser session that resulted from one of them. */
export function openSessions(ledger: Pick<Ledger, 'tokens'>, { now }: { now: () => Date }) {
  const find = async (token: string) => tokenWith(await ledger.tokens(), hashOfToken(token));
  const sessionFor = (name: string) => `${name}.${now().getTime() + SESSION_SECONDS * 1000}`;
  /** Unused links. They end with the process, and only their hashes are stored. */
  let links: readonly { readonly sha256: string; readonly endsMs: number }[] = [];
  const openLinks = () => links.filter(({ endsMs }) => endsMs > now().getTime());
  return {
    async byToken(token: string): Promise<Caller | undefined> {
      const found = await find(token);
      return found && callerWith(found);
    },
    /** The value of a session cookie for a token, before signing. It does not contain the token, and it expires. */
    async sessionOf(token: string) {
      const found = await find(token);
      return found && sessionFor(hashOfToken(found.sha256));
    },
    /** Creates the secret of a link that logs one browser in as this machine's operator. */
    newLink() {
      const secret = randomBytes(32).toString('base64url');
      links = [...openLinks(), { sha256: hashOfToken(secret), endsMs: now().getTime() + LINK_MS }];
      return secret;
    },
    /** The same as `sessionOf` for the secret of a link, which works only once. */
    sessionByLink(secret: string) {
      const found = tokenWith(openLinks(), hashOfToken(secret));
      if (found === undefined) return undefined;
      links = links.filter((link) => link !== found);
      return sessionFor(MACHINE);
    },
    async bySession(session: string): Promise<Caller | undefined> {
      const [name = '', expires = ''] = session.split('.');
      if (!/^\d{1,15}$/.test(expires) || Number(expires) <= now().getTime()) return undefined;
      if (name === MACHINE) return thisMachine;
      const found = (await ledger.tokens()).find(({ sha256 }) => hashOfToken(sha256) === name);
      return found && callerWith(found);
    },
  };
}

/**
 * The key that signs sessions. It is stored in the ledger so that all its servers share it. The key "session" of
 * earlier versions is no longer used, because other users of the machine could read it in the snapshot.
 */
export const sessionKey = (ledger: Pick<Ledger, 'secret'>): Promise<string> =>
  ledger.secret('browser-session', randomBytes(32).toString('base64url'));

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
  const isWanted = (token: T): boolean => {
    const hash = Buffer.from(token.sha256, 'hex');
    return hash.length === wanted.length && timingSafeEqual(hash, wanted);
  };
  return [...tokens].filter(isWanted).at(-1);
}

const callerWith = ({ name, may, clearance }: TokenRecord): Caller => ({ name, may, clearance });

/** Adds a token. The caller creates it and passes only its hash. Throws `operation-refused`. */
export const addToken = (context: ChangeContext, token: Omit<TokenRecord, 'createdAt'>): Promise<void> => {
  const { name, may, clearance } = token;
  const change = { what: 'token add', edition: null, details: { name, may, clearance } };
  return audited(context, change, async () => {
    if (!(await context.ledger.addToken({ ...token, createdAt: context.now() })))
      throw refused(`The token "${name}" already exists.`, 'Revoke it first, or choose another name.');
  });
};

/** Throws `operation-refused` if there is no such token. */
export const revokeToken = (context: ChangeContext, name: string): Promise<void> =>
  audited(context, { what: 'token revoke', edition: null, details: { name } }, async () => {
    if (!(await context.ledger.removeToken(name)))
      throw refused(`There is no token "${name}".`, '"sitrep token list" lists the tokens.');
  });
