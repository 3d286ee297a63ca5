import type { TableRow } from './references.ts';
import type { RowOf } from './schema.ts';
import { boundedValue, eventDate, longDay, month, spelled } from './wording.ts';

/** The international mile (exact). */
const kmPerMile = 1.609344;

type Figures = { readonly [field: string]: string | null };

const ofEvent = (row: RowOf<'events'>): Figures => ({
  date: eventDate(row),
  start: row.date_start && longDay(row.date_start),
  end: row.date_end && longDay(row.date_end),
  // For a span whose years alone are known, such as "in early 2020".
  start_year: row.date_start && row.date_start.slice(0, 4),
  end_year: row.date_end && row.date_end.slice(0, 4),
});

const ofMeasure = (row: RowOf<'measures'>): Figures => ({
  value: boundedValue(row),
  // A lower bound is never printed as a count.
  count: row.bound === '>=' ? null : spelled(row.value),
  start: row.window_start && longDay(row.window_start),
  end: row.window_end && longDay(row.window_end),
  month: row.window_start && month(row.window_start),
  // Map scales are in kilometres.
  km: row.unit === 'miles' ? Math.round(row.value * kmPerMile).toLocaleString('en-GB') : null,
});

/** The figures of a row by name, formatted for use in a sentence. */
export const figuresOf = ({ table, row }: TableRow): Figures =>
  table === 'events'
    ? ofEvent(row)
    : table === 'measures'
      ? ofMeasure(row)
      : table === 'actors' || table === 'places'
        ? { name: row.name }
        : table === 'judgments'
          ? { date: longDay(row.known_on) }
          : {};

/** The figure `{id.field}` of a row, formatted for use in a sentence; undefined if the row has no such figure. */
export function figureOf(entry: TableRow, field: string): string | undefined {
  const figures = figuresOf(entry);
  return Object.hasOwn(figures, field) ? (figures[field] ?? undefined) : undefined;
}
