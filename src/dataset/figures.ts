import type { Day } from '../calendar.ts';
import type { Locale } from '../locale.ts';
import type { TableRow } from './references.ts';
import type { RowOf } from './schema.ts';
import { boundedValue, eventDate, spelled } from './wording.ts';

/** The international mile (exact). */
const kmPerMile = 1.609344;

/** Each figure in the words of a locale; null if the row does not give it. */
type Figures = { readonly [field: string]: ((words: Locale) => string) | null };

const longDay = (day: Day | null) => (day === null ? null : (words: Locale) => words.longDay(day));

const ofEvent = (row: RowOf<'events'>): Figures => ({
  date: (words) => eventDate(row, words),
  start: longDay(row.date_start),
  end: longDay(row.date_end),
  // For a span whose years alone are known, such as "in early 2020".
  start_year: yearOf(row.date_start),
  end_year: yearOf(row.date_end),
});

const yearOf = (day: Day | null) =>
  day === null ? null : (words: Locale) => words.number(Number(day.slice(0, 4)), { useGrouping: false });

function ofMeasure(row: RowOf<'measures'>): Figures {
  const { window_start: start, window_end: end, bound, value, unit } = row;
  return {
    value: (words) => boundedValue(row, words),
    // A lower bound is never printed as a count.
    count: bound === '>=' ? null : (words) => spelled(value, words),
    start: longDay(start),
    end: longDay(end),
    month: start === null ? null : (words) => words.month(start),
    // Map scales are in kilometres.
    km: unit === 'miles' ? (words) => words.number(Math.round(value * kmPerMile)) : null,
  };
}

const figuresIn = ({ table, row }: TableRow): Figures =>
  table === 'events'
    ? ofEvent(row)
    : table === 'measures'
      ? ofMeasure(row)
      : table === 'actors' || table === 'places'
        ? { name: () => row.name }
        : table === 'judgments'
          ? { date: longDay(row.known_on), until: longDay(row.until) }
          : {};

/** All figures of a row, formatted for use in a sentence. */
export const figuresOf = (entry: TableRow, words: Locale): string[] =>
  Object.values(figuresIn(entry)).flatMap((figure) => figure?.(words) ?? []);

const figureIn = (entry: TableRow, field: string) => {
  const figures = figuresIn(entry);
  return Object.hasOwn(figures, field) ? (figures[field] ?? undefined) : undefined;
};

/** Whether a row has the figure `{id.field}`. */
export const hasFigure = (entry: TableRow, field: string): boolean => figureIn(entry, field) !== undefined;

/** The figure `{id.field}` of a row, formatted for use in a sentence; undefined if the row has no such figure. */
export const figureOf = (entry: TableRow, field: string, words: Locale): string | undefined =>
  figureIn(entry, field)?.(words);
