import { describe, expect, test } from 'vitest';
import { periodEnding } from '../../src/calendar.ts';
import type { Row } from '../../src/dataset/parse-rows.ts';
import { AppError } from '../../src/errors.ts';
import { analyse, type Finding, missingFindings } from '../../src/findings/analyse.ts';
import { briefOf } from '../support/brief-of.ts';

const pause = {
  kind: 'rate-change',
  rows: 'readings',
  level: 0.95,
  clustering: [1, 0.5],
  breakEven: [0.05, 0.2],
};

/** 14 August as the last active day, or as the first quiet one, each observed to `to`. */
const lastActive = (to: string, role = 'headline'): Row => ({
  id: `R-last-${to}`,
  measure: 'F18',
  label: 'last active day',
  role,
  count: 105,
  bound: '>=',
  baseline_start: '2021-05-01',
  baseline_end: '2021-08-14',
  quiet_start: '2021-08-15',
  observed_to: to,
  observed_note: 'the last day named',
});
const firstQuiet = (to: string, role = 'other'): Row => ({
  ...lastActive(to, role),
  id: `R-first-${to}`,
  label: 'first quiet day',
  baseline_end: '2021-08-13',
  quiet_start: '2021-08-14',
});
const readings = [
  lastActive('2021-08-23'),
  firstQuiet('2021-08-23'),
  lastActive('2021-08-20', 'sensitivity'),
  lastActive('2021-08-24', 'sensitivity'),
  firstQuiet('2021-08-24', 'sensitivity'),
];

const august = periodEnding('2021-08-25', 'P7D');
const found = (config: object, rows: readonly Row[]): Finding | undefined =>
  analyse(
    briefOf({ findings: { it: config } }),
    { [Reflect.get(config, 'rows')]: rows },
    { period: august, imports: [] },
  )['it'];

describe('a silence against the rate before it', () => {
  test('each figure is rounded to the side on which it still holds', () => {
    // Unrounded: rate 0.990566, expected 8.915 and 10, P(0) 0.0134346 %, conditional 0.0192240 %, ratios 0.42113 and
    // 0.37544, clustered 0.203803 % and 0.733305 %, empty 37.137 %, 50.237 % and 57.917 %, runs of nine 0.82982 %,
    // 9.6383 % and 27.067 %, break-even 33.603 % and 18.053 %.
    expect(found(pause, readings)?.fields).toEqual({
      rate: 'at least 0.99',
      expected: 'at least 8.9',
      other_expected: 'at least 10.0',
      quiet_days: 'nine',
      other_quiet_days: 'ten',
      baseline_days: '106',
      observed_to: '23 August 2021',
      observed_note: 'the last day named',
      day: '14 August 2021',
      ratio: 'at most 0.43',
      other_ratio: 'at most 0.38',
      level: '95 per cent',
      chance: 'at most 0.014 per cent',
      conditional: 'at most 0.020 per cent',
      k: '1',
      k_low: '0.5',
      clustered: '0.21 per cent',
      clustered_low: '0.74 per cent',
      empty: 'about 37 per cent',
      empty_clustered: 'about 50 per cent',
      empty_clustered_low: 'about 58 per cent',
      run: '0.83 per cent',
      run_clustered: '9.7 per cent',
      run_clustered_low: '28 per cent',
      break_even: '5 per cent',
      break_even_seen: 'about 34 per cent',
      break_even_high: '20 per cent',
      break_even_high_seen: 'about 18 per cent',
    });
  });

  test('every reading is tabulated, both of the day and of when it was observed', () => {
    const rows = found(pause, readings)?.rows.map((row) =>
      ['role', 'baseline_days', 'quiet_days', 'rate_label', 'expected', 'chance_label', 'ratio_short'].map(
        (column) => row[column],
      ),
    );
    expect(rows).toEqual([
      ['headline', 106, 9, '≥ 0.99', 8.9, '≤ 0.014 %', '≤ 0.43'],
      ['other', 105, 10, '≥ 1.00', 10, '≤ 0.0046 %', '≤ 0.38'],
      ['sensitivity', 106, 6, '≥ 0.99', 5.9, '≤ 0.27 %', '≤ 0.64'],
      ['sensitivity', 106, 10, '≥ 0.99', 9.9, '≤ 0.0050 %', '≤ 0.38'],
      ['sensitivity', 105, 11, '≥ 1.00', 11, '≤ 0.0017 %', '≤ 0.35'],
    ]);
  });

  test('it rests on the measure and on the two readings that it gives', () => {
    expect(found(pause, readings)?.restsOn).toEqual(['F18', 'R-last-2021-08-23', 'R-first-2021-08-23']);
  });

  test.each([
    ['the headline', readings.filter(({ role }) => role !== 'headline')],
    ['any row', []],
  ])('without %s there is no finding', (_, rows) => {
    expect(found(pause, rows)).toBeUndefined();
  });

  test('one reading suffices: what the other one would say is left out', () => {
    const alone = found(pause, [lastActive('2021-08-23')]);
    expect(alone?.fields).toMatchObject({ expected: 'at least 8.9', day: '15 August 2021' });
    expect(Object.keys(alone?.fields ?? {}).filter((name) => name.startsWith('other'))).toEqual([]);
    expect(alone?.restsOn).toEqual(['F18', 'R-last-2021-08-23']);
    expect(alone?.rows.map(({ reading }) => reading)).toEqual(['last active day']);
  });

  test.each([
    ['=', { rate: '0.99', expected: '8.9', chance: '0.013 per cent', run: '0.83 per cent' }],
    ['~', { rate: 'about 0.99', expected: 'about 8.9', chance: 'about 0.013 per cent' }],
  ])('a count that is no lower bound (%s) gives no limits', (bound, fields) => {
    const exact = found(pause, [{ ...lastActive('2021-08-23'), bound }]);
    expect(exact?.fields).toMatchObject(fields);
    // The end of an interval stays a limit.
    expect(exact?.fields['ratio']).toBe('at most 0.43');
    expect(exact?.rows[0]?.['rate_label']).toBe(bound === '=' ? '0.99' : '≈ 0.99');
  });

  test('a count is exact where the query does not say what it is', () => {
    const { bound: _, ...row } = lastActive('2021-08-23');
    expect(found(pause, [row])?.fields['expected']).toBe('8.9');
  });

  test('why it is missing is said by its query', () => {
    const brief = briefOf({ findings: { it: pause } });
    const why = (rows: readonly Row[]) => missingFindings(brief, { sets: { readings: rows }, findings: {} });
    expect(why([])).toEqual({ it: 'its query "readings" gives no row' });
    expect(why([firstQuiet('2021-08-23')])).toEqual({
      it: 'no row of its query "readings" has the role "headline"',
    });
  });

  test('limits hold where they are small too', () => {
    const few = found(pause, [
      { ...lastActive('2021-08-23'), count: 3 },
      { ...firstQuiet('2021-08-23'), count: 3 },
    ]);
    // 3/106 = 0.0283 and 27/106 = 0.2547.
    expect(few?.fields['rate']).toBe('at least 0.02');
    expect(few?.fields['expected']).toBe('at least 0.2');
    expect(few?.rows[0]?.['expected']).toBe(0.2);
    const many = found(pause, [
      { ...lastActive('2021-08-23'), count: 1000 },
      { ...firstQuiet('2021-08-23'), count: 1000 },
    ]);
    // 0.025^(1/1000): p = 0.0036821, odds 0.0036957, × 106/9 = 0.043528.
    expect(many?.fields['ratio']).toBe('at most 0.05');
    // 9000/106 = 84.9056, rounded down.
    expect(many?.fields['expected']).toBe('at least 84.9');
  });
});

test('the rest of a share whose lower bound is known has an upper bound', () => {
  const config = { kind: 'rest-of-share', rows: 'share' };
  expect(found(config, [{ id: 'F22', value: 45, bound: '>=' }])).toMatchObject({
    fields: { value: 'at most 55 per cent' },
    restsOn: ['F22'],
  });
  expect(found(config, [{ id: 'F22', value: 45, bound: '=' }])?.fields).toEqual({ value: '55 per cent' });
  expect(found(config, [])).toBeUndefined();
  // "About 45 per cent" bounds nothing, and of two shares it is not said which.
  expect(() => found(config, [{ id: 'F22', value: 45, bound: '~' }])).toThrow(/bound/);
  expect(() => found(config, [{ id: 'F22', value: 101, bound: '=' }])).toThrow(/value/);
});

test('gives a count in words and in digits, which rests on what it counts', () => {
  const config = { kind: 'count', rows: 'statements' };
  expect(found(config, [{ id: 'F10' }, { id: 'F11' }])).toEqual({
    fields: { count: 'two', number: '2' },
    restsOn: ['F10', 'F11'],
    rows: [],
  });
  expect(found(config, [])).toBeUndefined();
});

test('a query that does not exist is named with those that do', () => {
  const brief = briefOf({ findings: { it: { kind: 'count', rows: 'statments' } } });
  const faults = faultsOf(() => analyse(brief, { statements: [] }, { period: august, imports: [] }));
  expect(faults).toEqual([
    {
      file: 'templates/test/brief.yaml',
      field: 'findings.it.rows',
      problem: 'There is no query "statments".',
      hint: 'Name one of statements.',
    },
  ]);
});

function faultsOf(work: () => unknown) {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof AppError) return error.faults;
    throw error;
  }
}
