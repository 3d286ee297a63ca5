import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareRates, dispersionOf } from '../src/findings/rate-test.ts';

/**
 * Renews the table in docs/statistics.md of false alarms and delays, from simulated series. It applies the test to one
 * series every week, as a weekly brief does. The numbers are drawn from a fixed seed.
 */
const page = join(import.meta.dirname, '../docs/statistics.md');
const [begin, end] = ['<!-- detection table: npm run detection -->', '<!-- end of detection table -->'];
const SERIES = 200;
const YEARS = 2;
const LONGEST_WEEKS = 26;

/** mulberry32: the same numbers on every machine. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * One day's incidents with the given mean and, over a week, the given dispersion: a Poisson number of clusters, whose
 * sizes are logarithmic. That is the negative binomial with a variance of dispersion times the mean (M. H. Quenouille,
 * Biometrics 5 (1949) 162–164).
 */
function incidents(random: () => number, mean: number, dispersion: number): number {
  const share = 1 - 1 / dispersion;
  const clusters = dispersion === 1 ? mean : (mean * Math.log(dispersion)) / (dispersion - 1);
  let count = 0;
  for (let time = -Math.log(1 - random()); time < clusters; time -= Math.log(1 - random())) {
    if (dispersion === 1) {
      count += 1;
      continue;
    }
    let size = 1;
    let chance = -share / Math.log(1 - share);
    for (let left = random() - chance; left > 0; left -= chance) {
      size += 1;
      chance *= (share * (size - 1)) / size;
    }
    count += size;
  }
  return count;
}

const sum = (days: readonly number[], from: number, to: number): number =>
  days.slice(from, to).reduce((all, count) => all + count, 0);

/**
 * The verdict of one series on the day before `until`. Lengths share a baseline, and the shortest, which comes first, has
 * twice the share of alpha of any other.
 */
function verdict(
  days: readonly number[],
  { until, lengths, baseline }: { until: number; lengths: readonly number[]; baseline: number },
): 'quiet' | 'surged' | 'other' {
  const start = until - Math.max(...lengths);
  const weeks = Array.from({ length: baseline / 7 }, (_, week) =>
    sum(days, start - baseline + 7 * week, start - baseline + 7 * week + 7),
  );
  const dispersion = dispersionOf(weeks);
  const before = sum(days, start - baseline, start);
  const tests = lengths.map((length, index) => {
    const { p, direction } = compareRates(
      {
        period: sum(days, until - length, until),
        periodDays: length,
        baseline: before,
        baselineDays: baseline,
        dispersion,
      },
      0.05,
    );
    return { p: (p * (lengths.length + 1)) / (index === 0 ? 2 : 1), direction };
  });
  const [clearest] = tests.toSorted((a, b) => a.p - b.p);
  if (clearest === undefined || clearest.p > 0.05) return 'other';
  return clearest.direction === 'down' ? 'quiet' : 'surged';
}

const windows: readonly (readonly [lengths: readonly number[], baseline: number])[] = [
  [[7], 91],
  [[14], 91],
  [[28], 91],
  [[28], 364],
  [[7, 14, 21, 28, 35, 42, 49, 56], 364],
  [[7, 14, 21, 28, 35, 42, 49, 56], 1785],
];
const lengthsText = (lengths: readonly number[]): string =>
  lengths.length === 1 ? String(lengths[0]) : `${lengths.slice(0, 2).join(', ')} … ${lengths.at(-1)}`;
const rows: string[] = [];
for (const weekly of [2, 5, 20])
  for (const dispersion of [1, 3])
    for (const [lengths, baseline] of windows) {
      const random = uniform(14);
      const alarms = { quiet: 0, surged: 0 };
      const history = baseline + Math.max(...lengths);
      for (let series = 0; series < SERIES; series += 1) {
        const days = Array.from({ length: history + 364 * YEARS }, () =>
          incidents(random, weekly / 7, dispersion),
        );
        let before = 'other';
        for (let until = history; until <= days.length; until += 7) {
          const now = verdict(days, { until, lengths, baseline });
          // Weeks in a row are one alarm.
          if (now !== 'other' && now !== before) alarms[now] += 1;
          before = now;
        }
      }
      const delays = [0.5, 0.25, 0].map((left) => {
        const weeks = Array.from({ length: SERIES }, () => {
          const days = Array.from({ length: history + 7 * LONGEST_WEEKS }, (_, index) =>
            incidents(random, (weekly / 7) * (index < history ? 1 : left), dispersion),
          );
          for (let week = 1; week <= LONGEST_WEEKS; week += 1)
            if (verdict(days, { until: history + 7 * week, lengths, baseline }) === 'quiet') return week;
          return null;
        });
        const seen = weeks.filter((week) => week !== null).toSorted((a, b) => a - b);
        const median = weeks.length / 2 < seen.length ? String(seen[Math.floor(weeks.length / 2)]) : 'never';
        return `${median} (${Math.round((100 * seen.length) / SERIES)} %)`;
      });
      const yearly = (count: number) => (count / SERIES / YEARS).toFixed(2);
      rows.push(
        `| ${[weekly, dispersion, lengthsText(lengths), baseline, yearly(alarms.quiet), yearly(alarms.surged), ...delays].join(' | ')} |`,
      );
    }

const table = [
  '| incidents a week | dispersion | `days` | `baseline` | false “quiet” a year | false “surged” a year | drop by 50 % | by 75 % | to none |',
  '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
  ...rows,
].join('\n');
const text = await readFile(page, 'utf8');
const [head, rest] = text.split(begin);
const tail = rest?.split(end)[1];
if (head === undefined || tail === undefined) throw new Error(`${page} has no place for the table.`);
await writeFile(page, `${head}${begin}\n\n${table}\n\n${end}${tail}`);
