import { dayAfter, daysBetween, type Period } from '../model/calendar.ts';
import type { RowOf } from '../model/dataset.ts';

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
