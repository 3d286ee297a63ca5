import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { changePoint, cusums } from '../../src/findings/description.ts';
import { compareRates, dispersionOf } from '../../src/findings/rate-test.ts';
import { adjusted } from '../../src/findings/scan.ts';

// Figures of R: reference.R, in the same folder, wrote them.
const number = z.number();
const comparison = z.object({
  period: number,
  periodDays: number,
  baseline: number,
  baselineDays: number,
  dispersion: number.default(1),
  p: number,
  low: number,
  high: number.nullable(),
});
const reference = z
  .object({
    poisson: z.array(comparison).min(5),
    negativeBinomial: z.array(comparison).min(5),
    dispersion: z.object({ bins: z.array(number), value: number }),
    benjaminiHochberg: z.object({ p: z.array(number).min(20), q: z.array(number) }),
    changePoint: z.object({
      counts: z.array(number),
      day: number,
      from: number,
      to: number,
      probability: number,
    }),
    cusum: z.object({
      counts: z.array(number),
      rising: z.array(number),
      mean: number,
      dispersion: number,
      poissonLow: number,
      poissonHigh: number,
      negativeLow: number,
      negativeHigh: number,
    }),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../input/statistics/reference.json'), 'utf8')));

const same = (value: number | null, expected: number | null, within = 1e-7) => {
  if (value === null || expected === null || expected === 0) expect(value).toBe(expected);
  else expect(Math.abs(value / expected - 1)).toBeLessThan(within);
};

test.each(reference.poisson)('R: $period in $periodDays days after $baseline in $baselineDays', (given) => {
  const found = compareRates(given, 0.05);
  expect(found.method).toBe('poisson');
  same(found.p, given.p);
  same(found.low, given.low);
  same(found.high, given.high);
});

test.each(reference.negativeBinomial)(
  'R: $period in $periodDays days after $baseline in $baselineDays with a dispersion of $dispersion',
  (given) => {
    const found = compareRates(given, 0.05);
    expect(found.method).toBe('negative-binomial');
    same(found.p, given.p);
    same(found.low, given.low);
    same(found.high, given.high);
  },
);

test('R: the dispersion of bins', () => {
  expect(dispersionOf(reference.dispersion.bins)).toBeCloseTo(reference.dispersion.value, 12);
});

test('R: p-values adjusted by Benjamini and Hochberg', () => {
  const { p, q } = reference.benjaminiHochberg;
  for (const [index, value] of adjusted(p).entries()) same(value, q[index] ?? null, 1e-12);
  expect(q).toHaveLength(p.length);
});

test('R: a change of the rate of coal-mining disasters, by numerical integration', () => {
  const { counts, probability, ...expected } = reference.changePoint;
  const found = changePoint(counts, 1);
  expect(found).toMatchObject(expected);
  expect(found?.probability).toBeCloseTo(probability, 8);
});

test('published: the disasters became rarer after 1890, between 1886 and 1896', () => {
  // B. P. Carlin, A. E. Gelfand and A. F. M. Smith, Applied Statistics 41 (1992) 389–405: the old rate ends with the
  // 41st year.
  const found = changePoint(reference.changePoint.counts, 1);
  expect(1851 + (found?.day ?? 0)).toBe(1892);
  expect(1851 + (found?.from ?? 0)).toBeGreaterThanOrEqual(1886);
  expect(1851 + (found?.to ?? 0)).toBeLessThanOrEqual(1897);
});

test('a dispersion above 1 widens the interval and lowers the probability, one below 1 does not', () => {
  const [even, clustered, under] = [1, 4, 0.5].map((each) => changePoint(reference.changePoint.counts, each));
  const width = (found = even) => (found?.to ?? 0) - (found?.from ?? 0);
  expect(width(clustered)).toBeGreaterThan(width());
  expect(clustered?.probability).toBeLessThan(even?.probability ?? 0);
  expect(under).toEqual(even);
});

test('R: cumulative sums of log-likelihood ratios', () => {
  const { counts, rising, mean, dispersion, ...expected } = reference.cusum;
  expect(expected.poissonHigh).toBeGreaterThan(1);
  same(cusums(counts, { mean, dispersion: 1 }).low.value, expected.poissonLow);
  same(cusums(rising, { mean, dispersion: 1 }).high.value, expected.poissonHigh);
  same(cusums(counts, { mean, dispersion }).low.value, expected.negativeLow);
  same(cusums(rising, { mean, dispersion }).high.value, expected.negativeHigh);
});
