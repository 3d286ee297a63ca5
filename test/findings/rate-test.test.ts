import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dayOf, merged, numberOf } from '../../src/dataset/spans.ts';
import { silenceSoFar } from '../../src/findings/description.ts';
import { compareRates, powerOf } from '../../src/findings/rate-test.ts';
import { reportingLag } from '../../src/findings/reporting-lag.ts';
import { adjusted, alphaUsed } from '../../src/findings/scan.ts';
import { rule, type Tested, verdicts } from '../../src/findings/verdict.ts';
import { earlierYears, weeksOf } from '../../src/findings/windows.ts';

const count = fc.integer({ min: 0, max: 400 });
const days = fc.integer({ min: 1, max: 120 });
const dispersion = fc.double({ min: 0.2, max: 9, noNaN: true });
const counts = fc.record({
  period: count,
  periodDays: days,
  baseline: count,
  baselineDays: days,
  dispersion,
});

describe('the comparison of two rates', () => {
  test('two Poisson counts swapped give the same p and the inverse ratio', () => {
    fc.assert(
      fc.property(counts, (given) => {
        const there = compareRates({ ...given, dispersion: 1 }, 0.05);
        const back = compareRates(
          {
            period: given.baseline,
            periodDays: given.baselineDays,
            baseline: given.period,
            baselineDays: given.periodDays,
            dispersion: 1,
          },
          0.05,
        );
        expect(back.p).toBeCloseTo(there.p, 9);
        if (back.high !== null && back.high > 0) expect(there.low * back.high).toBeCloseTo(1, 6);
      }),
      { seed: 14 },
    );
  });

  test('p is below alpha exactly if the interval leaves out 1', () => {
    let clustered = 0;
    fc.assert(
      fc.property(counts, (given) => {
        const { p, low, high, method } = compareRates(given, 0.05);
        if (method === 'negative-binomial') clustered += 1;
        const leavesOut = low > 1 || (high !== null && high < 1);
        if (Math.abs(p - 0.05) > 1e-6) expect(leavesOut).toBe(p < 0.05);
      }),
      { seed: 14 },
    );
    expect(clustered).toBeGreaterThan(20);
  });

  test('the counts that could have been seen are the first that the test calls a drop or a rise', () => {
    fc.assert(
      fc.property(counts, fc.constantFrom(0.05, 0.001), (given, alpha) => {
        const { dropCount, riseCount } = powerOf(given, alpha);
        const p = (period: number) => compareRates({ ...given, period }, alpha);
        const isDrop = (period: number) => p(period).direction === 'down' && p(period).p <= alpha;
        const isRise = (period: number) => p(period).direction === 'up' && p(period).p <= alpha;
        if (dropCount === null) expect(isDrop(0)).toBe(false);
        else expect([isDrop(dropCount), isDrop(dropCount + 1)]).toEqual([true, false]);
        expect([isRise(riseCount - 1), isRise(riseCount)]).toEqual([false, true]);
      }),
      { seed: 14, numRuns: 60 },
    );
  });

  test('the negative binomial meets the Poisson where both hold', () => {
    const given = { period: 3, periodDays: 7, baseline: 105, baselineDays: 91 };
    const { p } = compareRates({ ...given, dispersion: 1 }, 0.05);
    expect(compareRates({ ...given, dispersion: 1.5001 }, 0.05).p).toBeGreaterThan(p);
    expect(compareRates({ ...given, dispersion: 1.5 }, 0.05)).toMatchObject({ method: 'poisson', p });
  });
});

describe('many tests', () => {
  const share = fc.integer({ min: 0, max: 1000 }).map((each) => each / 1000);
  const ps = fc.array(share, { minLength: 1, maxLength: 40 });
  test('adjusted p-values keep the order, are no smaller, and do not depend on it', () => {
    fc.assert(
      fc.property(ps, (given) => {
        const qs = adjusted(given);
        const pairs = given.map((p, index) => [p, qs[index] ?? -1] as const).toSorted(([a], [b]) => a - b);
        for (const [index, [p, q]] of pairs.entries()) {
          expect(q).toBeGreaterThanOrEqual(p - 1e-15);
          expect(q).toBeGreaterThanOrEqual(pairs[index - 1]?.[1] ?? 0);
        }
        expect(adjusted(given.toReversed())).toEqual(qs.toReversed());
      }),
      { seed: 14 },
    );
  });

  test('a test at the alpha used would be significant, and one well above it would not', () => {
    let checked = 0;
    fc.assert(
      fc.property(ps, (given) => {
        const qs = adjusted(given);
        const significant = qs.filter((q) => q <= 0.05).length;
        const [q = 1] = qs;
        const used = alphaUsed(q, { alpha: 0.05, significant, scanned: given.length });
        expect(adjusted([used * 0.999999, ...given.slice(1)])[0]).toBeLessThanOrEqual(0.05);
        if (q <= 0.05) return;
        checked += 1;
        expect(given[0]).toBeGreaterThan(used);
      }),
      { seed: 14 },
    );
    expect(checked).toBeGreaterThan(20);
  });
});

describe('the rule', () => {
  const weeks = { coveredDays: 7, completeDays: 7, baseline: { weeks: 13, isVague: false } };
  const tested = fc.record({
    direction: fc.constantFrom('down', 'up'),
    q: fc.integer({ min: 0, max: 100 }).map((each) => each / 1000),
    dropVisible: fc.boolean(),
  });
  const turned = (given: Tested): Tested => ({
    ...given,
    direction: given.direction === 'down' ? 'up' : 'down',
  });

  test('treats both directions and both ways to count alike', () => {
    const seen = new Set<string>();
    const opposite = (verdict: string) =>
      verdict === 'quiet' ? 'surged' : verdict === 'surged' ? 'quiet' : verdict;
    fc.assert(
      fc.property(tested, tested, (low, high) => {
        const { verdict } = rule({ ...weeks, tests: { low, high } }, 0.05);
        seen.add(verdict);
        expect(rule({ ...weeks, tests: { low: high, high: low } }, 0.05).verdict).toBe(verdict);
        const turnedTests = { low: turned(low), high: turned(high) };
        expect(rule({ ...weeks, tests: turnedTests }, 0.05).verdict).toBe(opposite(verdict));
        if (verdict === 'quiet') expect(Math.max(low.q, high.q)).toBeLessThanOrEqual(0.05);
      }),
      { seed: 14, numRuns: 400 },
    );
    expect([...seen].toSorted()).toEqual(verdicts.slice(0, 4).toSorted());
  });

  test.each([
    { coveredDays: 0, completeDays: 0, verdict: 'not covered' },
    { coveredDays: 7, completeDays: 0, verdict: 'within reporting lag' },
    { coveredDays: 7, completeDays: 7, baseline: { weeks: 3, isVague: false }, verdict: 'too few data' },
  ])('$verdict comes before any test', ({ verdict, ...observed }) => {
    const sure: Tested = { direction: 'down', q: 0, dropVisible: true };
    expect(rule({ ...weeks, ...observed, tests: { low: sure, high: sure } }, 0.05).verdict).toBe(verdict);
  });
});

describe('the reporting lag', () => {
  const start = numberOf('2024-01-01');
  /** Incidents of each day for 20 weeks, reported `delay` days later, known at the next weekly import. */
  const reports = (delays: readonly number[]) =>
    Array.from({ length: 140 }, (_, index) => index).flatMap((index) =>
      delays.map((delay) => ({
        start: dayOf(start + index),
        known_on: dayOf(start + Math.ceil((index + delay) / 7) * 7),
        count: 1,
      })),
    );
  const imported = (delays: readonly number[], until: number) =>
    reports(delays).filter(({ known_on }) => known_on <= dayOf(start + until));

  test('is what nearly all reports take until the import that brings them', () => {
    expect(reportingLag(imported([0], 140))).toBe(6);
    expect(reportingLag(imported([0, 3], 140))).toBe(9);
  });

  test('is not shortened by recent days, whose late reports are still to come', () => {
    const late = [0, 0, 0, 0, 0, 0, 0, 0, 0, 40];
    const plain = imported(late, 56).toSorted((a, b) => a.start.localeCompare(b.start));
    expect(reportingLag(plain)).toBeGreaterThanOrEqual(40);
  });

  test('leaves out the first import, and is unknown from fewer than three imports or 20 incidents', () => {
    const base = { start: '2020-01-01', known_on: '2024-01-01', count: 5000 };
    expect(reportingLag([base, ...imported([0], 140)])).toBe(6);
    expect(reportingLag(imported([0], 8))).toBeNull();
    expect(reportingLag(imported([0], 15))).toBeNull();
    expect(reportingLag([])).toBeNull();
  });
});

describe('windows', () => {
  const span = (from: string, to: string) => ({ from: numberOf(from), to: numberOf(to) });
  const all = [span('2010-01-01', '2024-12-31')];

  test('a leap day is a day, and weeks are cut from the end', () => {
    expect(
      weeksOf([span('2024-02-20', '2024-03-05')]).map(({ from, to }) => [dayOf(from), dayOf(to)]),
    ).toEqual([
      ['2024-02-21', '2024-02-27'],
      ['2024-02-28', '2024-03-05'],
    ]);
    expect(weeksOf([span('2024-02-28', '2024-03-04')])).toEqual([]);
  });

  test('earlier years have as many days, and only those covered as a whole count', () => {
    const found = earlierYears(span('2024-02-23', '2024-02-29'), all);
    expect(found.map(({ from, to }) => [dayOf(from), dayOf(to)])).toEqual([
      ['2019-02-22', '2019-02-28'],
      ['2020-02-23', '2020-02-29'],
      ['2021-02-22', '2021-02-28'],
      ['2022-02-22', '2022-02-28'],
      ['2023-02-22', '2023-02-28'],
    ]);
    const gap = [span('2010-01-01', '2021-02-25'), span('2021-02-27', '2024-12-31')];
    expect(earlierYears(span('2024-02-23', '2024-02-29'), gap)).toHaveLength(4);
  });

  test('a window of more than a year has no earlier years that overlap it', () => {
    expect(earlierYears(span('2022-12-01', '2024-06-30'), all).length).toBeLessThanOrEqual(2);
    for (const { to } of earlierYears(span('2022-12-01', '2024-06-30'), all))
      expect(to).toBeLessThan(numberOf('2022-12-01'));
  });

  test('spans that touch or overlap are one', () => {
    expect(merged([span('2024-01-05', '2024-01-09'), span('2024-01-01', '2024-01-04')])).toEqual([
      span('2024-01-01', '2024-01-09'),
    ]);
    expect(merged([span('2024-01-05', '2024-01-04')])).toEqual([]);
  });
});

test('a gap with uncovered days is no gap, and a silence with uncovered days is not ranked', () => {
  const every = Array.from({ length: 30 }, (_, index) => index * 2);
  const isWhole = (from: number, to: number) => to <= 40 || from >= 45;
  expect(silenceSoFar(every, { until: 60, isWhole })).toEqual({ emptyDays: 2, gaps: 26, share: 1 / 27 });
  expect(silenceSoFar(every, { until: 60, isWhole: (_, to) => to < 59 })).toBeNull();
  expect(silenceSoFar([], { until: 60, isWhole: () => true })).toBeNull();
});
