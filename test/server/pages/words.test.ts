import { expect, test } from 'vitest';
import { decidedBy } from '../../../src/editions/format.ts';
import { durationOf } from '../../../src/formats.ts';
import { differences } from '../../../src/server/pages/format.ts';
import { locale } from '../../support/locale.ts';

test('editions of one day differ by paper, parameters and revision', () => {
  const plain = { paper: 'A4', parameters: {}, correction: null } as const;
  const replaces = { edition: 'weekly/2021-08-22', revision: 1, asOf: null };
  const correction = { revision: 2, asOf: '2021-09-10', replaces, rows: ['F07'] };
  expect(differences(locale, plain, 'A4')).toBe('');
  expect(differences(locale, { ...plain, correction }, 'A4')).toBe('revision 2');
  expect(differences(locale, { ...plain, correction, parameters: { actor: 'A-aq' } }, 'Letter')).toBe(
    'A4, actor A-aq, revision 2',
  );
});

test('a system user and a token of the same name differ', () => {
  const alice = { user: 'alice', claimedName: null };
  expect(decidedBy({ ...alice, namedBy: 'system' })).toBe('alice (system user)');
  expect(decidedBy({ ...alice, namedBy: 'server' })).toBe('alice (logged in on the server)');
  expect(decidedBy({ user: 'bot', claimedName: 'Alice', namedBy: 'server' })).toBe(
    'Alice, as stated by bot (logged in on the server)',
  );
});

test('the length of a period is in words', () => {
  expect(['P7D', 'P1D', 'P2W', 'P1M', 'P3M'].map((period) => durationOf('en-GB', period))).toEqual([
    '7 days',
    '1 day',
    '2 weeks',
    '1 month',
    '3 months',
  ]);
});
