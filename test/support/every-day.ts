import { Temporal } from 'temporal-polyfill';
import type { Day } from '../../src/calendar.ts';
import { AppError } from '../../src/errors.ts';
import { openQueries } from '../../src/query/database.ts';
import { shareQueries } from '../../src/query/shared-database.ts';
import { remembered } from './effects.ts';
import { editionsAt, type Product, renderEdition } from './product.ts';

const dayAfter = (day: Day, days: number): Day => Temporal.PlainDate.from(day).add({ days }).toString();

/** Every day from `first` to `last`, both included. */
export function daysFrom(first: Day, last: Day): Day[] {
  const days: Day[] = [];
  for (let day = first; day <= last; day = dayAfter(day, 1)) days.push(day);
  return days;
}

/** `count` days spread evenly from `first` to `last`, both included. */
export function daysSpread(first: Day, last: Day, count: number): Day[] {
  const length = Temporal.PlainDate.from(first).until(last).days;
  return Array.from({ length: count }, (_, index) =>
    dayAfter(first, Math.round((index * length) / (count - 1))),
  );
}

/**
 * The days on which a page can change, each with the day before and after: every date in the dataset, and the same a
 * week later, on the day on which it leaves the period of a weekly brief.
 */
export function daysOfChange({ dataset }: Pick<Product, 'dataset'>): Day[] {
  const dates = JSON.stringify(dataset.tables).match(/\b20\d\d-\d\d-\d\d\b/g) ?? [];
  const days = [...new Set(dates)].flatMap((date) => [-1, 0, 1, 7].map((offset) => dayAfter(date, offset)));
  return [...new Set(days)].toSorted();
}

/** One of `every` days from a list, so that it shows each weekday and each distance from a date of the dataset. */
export const sampleOf = (days: readonly Day[], every: number): Day[] =>
  days.filter((_, index) => index % every === 0);

/** What issuing every brief on many days came to. `faults` has a line for each cause, with its first edition and count. */
export interface EveryDay {
  readonly editions: number;
  readonly faults: readonly string[];
}

/** Composes every edition of every brief on each of the days and applies the rules to it; nothing is printed. */
export async function issueOn(
  product: Product,
  days: readonly Day[],
  onDay: (day: Day) => void = () => {},
): Promise<EveryDay> {
  // No query is the same on another day; most drawings are.
  await using queries = shareQueries(openQueries);
  const effects = { openQueries: queries.open, drawChart: remembered.drawChart };
  let editions = 0;
  const seen = new Map<string, { first: string; count: number }>();
  for (const day of days) {
    onDay(day);
    const due = await editionsAt(product, day, effects.openQueries);
    editions += due.length;
    await Promise.all(
      due.map(async (edition) => {
        try {
          await renderEdition(product, edition, effects);
        } catch (error) {
          if (!(error instanceof AppError)) throw error;
          for (const { file = '', problem } of error.faults) {
            const cause = `${edition.brief}: ${file}: ${problem}`;
            const before = seen.get(cause);
            seen.set(cause, {
              first: before?.first ?? `${edition.name} ${day}`,
              count: (before?.count ?? 0) + 1,
            });
          }
        }
      }),
    );
  }
  const faults = [...seen].map(([cause, { first, count }]) => `${cause} (first ${first}, ${count} editions)`);
  return { editions, faults };
}
