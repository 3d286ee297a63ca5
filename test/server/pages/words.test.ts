import { expect, test } from 'vitest';
import { decidedBy } from '../../../src/editions/format.ts';
import { differences, lengthOf } from '../../../src/server/pages/format.ts';

test('names of editions of one day differ, also those of a revision and the one it replaces', () => {
  const plain = { paper: 'A4', parameters: {}, correction: null } as const;
  const replaces = { edition: 'weekly/2021-08-22', revision: 1, asOf: null };
  const correction = { revision: 2, asOf: '2021-09-10', replaces, rows: ['F07'] };
  expect(differences(plain, 'A4')).toBe('');
  expect(differences({ ...plain, correction }, 'A4')).toBe('revision 2');
  expect(differences({ ...plain, correction, parameters: { actor: 'A-aq' } }, 'Letter')).toBe(
    'A4, actor A-aq, revision 2',
  );
});

test('the name of a system user differs from that of a token with the same name', () => {
  const alice = { user: 'alice', claimedName: null };
  expect(decidedBy({ ...alice, namedBy: 'system' })).toBe('alice (system user)');
  expect(decidedBy({ ...alice, namedBy: 'server' })).toBe('alice (let in by the server)');
  expect(decidedBy({ user: 'bot', claimedName: 'Alice', namedBy: 'server' })).toBe(
    'Alice, so says bot (let in by the server)',
  );
});

test('writes the length of a period in words', () => {
  expect(['P7D', 'P1D', 'P2W', 'P1M', 'P3M'].map(lengthOf)).toEqual([
    '7 days',
    '1 day',
    '2 weeks',
    '1 month',
    '3 months',
  ]);
});
