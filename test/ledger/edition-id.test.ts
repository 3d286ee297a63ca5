import { describe, expect, test } from 'vitest';
import { editionId, editionName, editionPath } from '../../src/ledger/edition-id.ts';
import type { Parameters } from '../../src/project/parameters.ts';

const weekly = { brief: 'weekly', asOf: '2021-08-22', paper: 'A4', ownPaper: 'A4', parameters: {} } as const;
const named = (parameters: Parameters) => editionName({ ...weekly, parameters });

test('an edition without parameters is named as ever: its day, and another paper than its own', () => {
  expect(editionId(weekly)).toBe('weekly/2021-08-22');
  expect(editionId({ ...weekly, paper: 'Letter' })).toBe('weekly/2021-08-22-Letter');
  expect(editionId({ ...weekly, paper: 'Letter', ownPaper: 'Letter' })).toBe('weekly/2021-08-22');
});

test('one with parameters adds them by name, in whatever order they are given', () => {
  const sheet = { ...weekly, brief: 'actor-sheet', parameters: { actor: 'isis-k' } };
  expect(editionId(sheet)).toBe('actor-sheet/2021-08-22-actor=isis-k');
  expect(editionId({ ...sheet, paper: 'Letter' })).toBe('actor-sheet/2021-08-22-Letter-actor=isis-k');
  expect(named({ year: '2021', actor: 'isis' })).toBe('2021-08-22-actor=isis,year=2021');
  expect(named({ actor: 'isis', year: '2021' })).toBe('2021-08-22-actor=isis,year=2021');
});

test('a corrected revision has a name of its own, and the first keeps its', () => {
  expect(editionId({ ...weekly, revision: 1 })).toBe('weekly/2021-08-22');
  expect(editionId({ ...weekly, revision: 2 })).toBe('weekly/2021-08-22-r2');
  const sheet = { ...weekly, paper: 'Letter', parameters: { actor: 'isis-k' }, revision: 12 } as const;
  expect(editionId(sheet)).toBe('weekly/2021-08-22-Letter-r12-actor=isis-k');
  // Neither a value nor a parameter reads like a revision.
  const names = [
    editionName({ ...weekly, revision: 2, parameters: { a: 'x' } }),
    named({ a: 'x-r2' }),
    named({ r2: 'x' }),
    editionName({ ...weekly, revision: 2, parameters: { r2: 'x' } }),
    named({ a: 'x' }),
  ];
  expect(new Set(names).size).toBe(names.length);
});

test.each([
  ['../../etc', '..%2F..%2Fetc'],
  ['a b', 'a%20b'],
  ['a/b', 'a%2Fb'],
  ['100%', '100%25'],
  ['Kābul', 'K%C4%81bul'],
  ['a,b=c~d', 'a%2Cb%3Dc%7Ed'],
  ["!*'()", '%21%2A%27%28%29'],
  ['A_z.0-9', 'A_z.0-9'],
])('the value %s is written %s', (value, written) => {
  expect(named({ place: value })).toBe(`2021-08-22-place=${written}`);
});

describe('no two editions share a name', () => {
  const long = 'x'.repeat(150);
  test.each<[string, Parameters, Parameters]>([
    ['an encoded value and one that looks so', { a: 'x y' }, { a: 'x%20y' }],
    ['one value and two', { a: 'x,b=y' }, { a: 'x', b: 'y' }],
    ['a hyphen and the next value', { a: 'x-b' }, { a: 'x', b: '' }],
    ['values that differ far behind', { a: `${long}1` }, { a: `${long}2` }],
    ['long ones in other parameters', { a: long }, { b: long }],
    ['a long one and one that is written as its name', { a: long }, { a: named({ a: long }).slice(13) }],
    ['none and an empty one', {}, { a: '' }],
  ])('%s', (_, one, other) => {
    expect(named(one)).not.toBe(named(other));
  });
});

test('a long name is cut and ends with a hash, never in the middle of a code', () => {
  const name = named({ place: 'ق'.repeat(100) });
  expect(name).toMatch(/^2021-08-22-place=(%D9%82)+(%D9)?~[0-9a-f]{16}$/);
  expect(name.length).toBeLessThanOrEqual('2021-08-22-'.length + 80);
  expect(named({ place: 'x'.repeat(74) })).toBe(`2021-08-22-place=${'x'.repeat(74)}`);
  expect(named({ place: 'x'.repeat(75) })).toMatch(/~/);
});

test('is part of an address with each half encoded', () => {
  expect(editionPath('weekly/2021-08-22')).toBe('weekly/2021-08-22');
  expect(editionPath('actor-sheet/2021-08-22-actor=a%2Fb')).toBe('actor-sheet/2021-08-22-actor%3Da%252Fb');
});
