import { describe, expect, test } from 'vitest';
import {
  chanceOfSilence,
  clusteredChance,
  conditionalChance,
  dailyRate,
  emptyDayChance,
  expectedEvents,
  rateRatioLimit,
  runChance,
  shareSeenAt,
  type Silence,
} from '../../src/findings/statistics.ts';

/** At least 105 claims counted from 1 May 2021. 1 May to 14 August are 31 + 30 + 31 + 14 = 106 days, to the 13th 105. */
const silence = (baselineDays: number, quietDays: number): Silence => ({
  count: 105,
  baselineDays,
  quietDays,
});
const toThe23rd = silence(106, 9);
const toThe24th = silence(106, 10);

describe('the silence after 105 claims, under each reading', () => {
  // Rate 105/t0; expected 105/t0 × t1; P(0) = e^-expected, as e^-5.9434 = 2.6231e-3; limit of the ratio
  // p/(1-p) × t0/t1 with p = 1 - 0.025^(1/105) = 1 - e^(-3.688879/105) = 0.0345225, so p/(1-p) = 0.0357569.
  test.each([
    { t0: 106, t1: 6, rate: 0.990566, expected: 5.943396, chance: 2.623106e-3, ratio: 0.6317 },
    { t0: 106, t1: 9, rate: 0.990566, expected: 8.915094, chance: 1.343457e-4, ratio: 0.421133 },
    { t0: 106, t1: 10, rate: 0.990566, expected: 9.90566, chance: 4.989148e-5, ratio: 0.37902 },
    { t0: 105, t1: 10, rate: 1, expected: 10, chance: 4.539993e-5, ratio: 0.375444 },
    { t0: 105, t1: 11, rate: 1, expected: 11, chance: 1.67017e-5, ratio: 0.341313 },
  ])('$t0 days before, $t1 quiet', ({ t0, t1, rate, expected, chance, ratio }) => {
    const given = silence(t0, t1);
    expect(dailyRate(given)).toBeCloseTo(rate, 6);
    expect(expectedEvents(given)).toBeCloseTo(expected, 6);
    expect(chanceOfSilence(given) / chance).toBeCloseTo(1, 6);
    expect(rateRatioLimit(given, 0.95)).toBeCloseTo(ratio, 5);
  });
});

describe('what weakens it', () => {
  test('the baseline is an estimate too', () => {
    // (106/115)^105: 105 × ln 0.921739 = 105 × -0.0814929 = -8.556755, and e to that.
    expect(conditionalChance(toThe23rd) / 1.922395e-4).toBeCloseTo(1, 6);
  });

  test('days that differ more than Poisson days do', () => {
    // Negative binomial P(0) of a day is (k/(k + mean))^k: for k = 1, 1/1.990566 = 0.5023697; for k = 0.5,
    // √(0.5/1.490566) = √0.3354430 = 0.57917445. Nine and ten days are its ninth and tenth power.
    expect(emptyDayChance(toThe23rd, 1)).toBeCloseTo(0.5023697, 7);
    expect(emptyDayChance(toThe23rd, 0.5)).toBeCloseTo(0.57917445, 7);
    expect(clusteredChance(toThe24th, 1)).toBeCloseTo(1.023845e-3, 9);
    expect(clusteredChance(toThe23rd, 1)).toBeCloseTo(2.038031e-3, 9);
    expect(clusteredChance(toThe24th, 0.5)).toBeCloseTo(4.247114e-3, 9);
    expect(clusteredChance(toThe23rd, 0.5)).toBeCloseTo(7.333048e-3, 9);
  });

  test('a gap chosen after looking', () => {
    // A run of empty days somewhere in 106, a day being empty with e^-0.990566 = 0.3713665 or 0.5023697: by a
    // Markov chain over the length of the run so far, which shares nothing with the recursion under test.
    expect(runChance({ days: 106, length: 10, empty: Math.exp(-105 / 106) })).toBeCloseTo(3.0570558e-3, 9);
    expect(runChance({ days: 106, length: 10, empty: 106 / 211 })).toBeCloseTo(0.0489518, 7);
    expect(runChance({ days: 106, length: 9, empty: Math.exp(-105 / 106) })).toBeCloseTo(8.2981527e-3, 9);
    expect(runChance({ days: 106, length: 9, empty: 106 / 211 })).toBeCloseTo(0.0963827, 7);
    expect(runChance({ days: 106, length: 9, empty: 0.57917445 })).toBeCloseTo(0.2706694, 7);
  });

  test('lost collection: the share of claims still seen at which silence has a chance of 5 or 20 per cent', () => {
    // ln 20 / 8.915094 and ln 5 / 8.915094.
    expect(shareSeenAt(toThe23rd, 0.05)).toBeCloseTo(0.3360292, 7);
    expect(shareSeenAt(toThe23rd, 0.2)).toBeCloseTo(0.1805295, 7);
    expect(chanceOfSilence({ ...toThe23rd, count: 105 * shareSeenAt(toThe23rd, 0.2) })).toBeCloseTo(0.2, 12);
  });
});

describe('published values', () => {
  // Two-sided exact (Clopper–Pearson) 95 % limits for 0 of n, as in tables of binomial limits; 90 % for the second.
  test.each([
    { n: 10, upper: 0.3085, upper90: 0.2589 },
    { n: 20, upper: 0.1684, upper90: 0.1391 },
    { n: 30, upper: 0.1157, upper90: 0.095 },
    { n: 100, upper: 0.0362, upper90: 0.0295 },
  ])('0 of $n', ({ n, upper, upper90 }) => {
    // With as many days before as after, the ratio is the odds of the share.
    const share = (ratio: number) => ratio / (1 + ratio);
    const even = { count: n, baselineDays: 30, quietDays: 30 };
    expect(share(rateRatioLimit(even, 0.95))).toBeCloseTo(upper, 4);
    expect(share(rateRatioLimit(even, 0.9))).toBeCloseTo(upper90, 4);
  });

  test('Poisson P(0) for means of 1, 2, 3 and 5', () => {
    const chance = (mean: number) => chanceOfSilence({ count: mean, baselineDays: 1, quietDays: 1 });
    expect([1, 2, 3, 5].map((mean) => chance(mean).toFixed(4))).toEqual([
      '0.3679',
      '0.1353',
      '0.0498',
      '0.0067',
    ]);
  });

  test('negative binomial P(0): geometric days, and mean equal to size', () => {
    const day = (mean: number) => ({ count: mean, baselineDays: 1, quietDays: 1 });
    expect(emptyDayChance(day(1), 1)).toBeCloseTo(1 / 2, 12);
    expect(emptyDayChance(day(3), 1)).toBeCloseTo(1 / 4, 12);
    expect(emptyDayChance(day(2), 2)).toBeCloseTo(1 / 4, 12);
    expect(emptyDayChance(day(0.5), 0.5)).toBeCloseTo(Math.SQRT1_2, 12);
  });

  // Sequences of n tosses without r heads in a row are counted by the r-step Fibonacci numbers: 504 of 1,024 for
  // n = 10, r = 3; 912 for r = 5. The others are the usual table of longest runs in 100 tosses.
  test.each([
    { days: 10, length: 3, chance: 520 / 1024 },
    { days: 10, length: 5, chance: 112 / 1024 },
    { days: 100, length: 5, chance: 0.8101096 },
    { days: 100, length: 6, chance: 0.5460936 },
    { days: 100, length: 10, chance: 0.0441372 },
  ])('$length heads in a row among $days tosses', ({ days, length, chance }) => {
    expect(runChance({ days, length, empty: 0.5 })).toBeCloseTo(chance, 7);
  });
});

test('a run among few days is what counting every sequence gives', () => {
  const empty = 0.37;
  for (const days of [1, 4, 9, 12])
    for (const length of [1, 2, 4]) {
      let chance = 0;
      for (let sequence = 0; sequence < 2 ** days; sequence += 1) {
        const bits = sequence.toString(2).padStart(days, '0');
        const ones = bits.replaceAll('0', '').length;
        if (bits.includes('1'.repeat(length))) chance += empty ** ones * (1 - empty) ** (days - ones);
      }
      expect(runChance({ days, length, empty })).toBeCloseTo(chance, 12);
    }
});

test('fewer counted, a shorter silence or a higher level weaken the limit', () => {
  const limit = rateRatioLimit(toThe23rd, 0.95);
  expect(rateRatioLimit({ ...toThe23rd, count: 104 }, 0.95)).toBeGreaterThan(limit);
  expect(rateRatioLimit({ ...toThe23rd, quietDays: 8 }, 0.95)).toBeGreaterThan(limit);
  expect(rateRatioLimit(toThe23rd, 0.99)).toBeGreaterThan(limit);
});
