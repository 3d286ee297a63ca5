import { dayAfter, daysBetween, today, type Day, type Period } from '../model/calendar.ts';
import type { Dataset, RowOf } from '../model/dataset.ts';
import { knownBy } from '../model/known.ts';

export type Topic = RowOf<'coverage'>['topic'];

/** The topics that a brief on `topic` reports on. */
export const topicsOf = (topic: Topic | 'all'): readonly Topic[] =>
  topic === 'all' ? ['isis', 'celebrations', 'ties', 'context'] : [topic];

export const daysOf = ({ start, asOf }: Pick<Period, 'start' | 'asOf'>): number => daysBetween(start, asOf);

/** The days of the period that at least one span covers. */
export function coveredDays(
  rows: readonly RowOf<'coverage'>[],
  { start, asOf }: Pick<Period, 'start' | 'asOf'>,
): number {
  let covered = 0;
  for (let next = start; next <= asOf; next = dayAfter(next)) {
    if (rows.some((row) => row.start <= next && next <= row.end)) covered += 1;
  }
  return covered;
}

/** The last day that the dataset covers, or today in a time zone if that is earlier, and which of the two. */
export function defaultAsOf({ tables }: Dataset, timezone: string, now: Date): { asOf: Day; why: string } {
  const current = today(now, timezone);
  const last = knownBy(tables, current)
    .coverage.map(({ end }) => end)
    .toSorted()
    .at(-1);
  return last === undefined || current < last
    ? { asOf: current, why: 'today' }
    : { asOf: last, why: 'the last day that the data cover' };
}
