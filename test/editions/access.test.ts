import { expect, test } from 'vitest';
import {
  hashOfToken,
  newToken,
  openSessions,
  SESSION_SECONDS,
  tokenWith,
} from '../../src/editions/access.ts';
import type { TokenRecord } from '../../src/ledger/principal.ts';

const record = (name: string, token: string): TokenRecord => ({
  name,
  sha256: hashOfToken(token),
  may: 'read',
  clearance: 'TLP:GREEN',
  createdAt: new Date(0),
});

test('a token is 256 bits that are never the same, and is found by its hash alone', () => {
  const [one, other] = [newToken(), newToken()];
  expect(one).toMatch(/^sitrep_[\w-]{43}$/);
  expect(one).not.toBe(other);
  const tokens = [record('one', one), record('other', other)];
  expect(tokenWith(tokens, hashOfToken(other))?.name).toBe('other');
  expect(tokenWith(tokens, hashOfToken(newToken()))).toBeUndefined();
  expect(tokenWith(tokens, '')).toBeUndefined();
});

test('a session does not hold the token, ends after its time and with the token', async () => {
  const token = newToken();
  let tokens = [record('one', token)];
  let at = Date.parse('2021-08-23T05:00:00Z');
  const sessions = openSessions({ tokens: () => Promise.resolve(tokens) }, { now: () => new Date(at) });
  const session = (await sessions.sessionOf(token)) ?? '';
  expect(session).not.toContain(token);
  expect(session).not.toContain(hashOfToken(token));
  expect(await sessions.bySession(session)).toEqual({ name: 'one', may: 'read', clearance: 'TLP:GREEN' });
  expect(await sessions.bySession(session.replace(/\d$/, 'x'))).toBeUndefined();
  expect(await sessions.sessionOf(newToken())).toBeUndefined();

  at += SESSION_SECONDS * 1000 - 1;
  expect(await sessions.bySession(session)).toBeDefined();
  at += 1;
  expect(await sessions.bySession(session)).toBeUndefined();
  at -= 1;
  // Given out again under the same name, it is another.
  tokens = [record('one', newToken())];
  expect(await sessions.bySession(session)).toBeUndefined();
});
