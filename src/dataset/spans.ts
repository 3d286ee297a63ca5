import type { Day } from '../calendar.ts';

/** A day as a number, counted from 1 January 1970: arithmetic on many rows is too slow with calendar days. */
export const numberOf = (day: Day): number => Date.parse(`${day}T00:00Z`) / 86_400_000;
export const dayOf = (number: number): Day => new Date(number * 86_400_000).toISOString().slice(0, 10);

/** Days from `from` to `to` inclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The same days as spans in order, which neither overlap nor touch. */
export function merged(spans: readonly Span[]): Span[] {
  const found: Span[] = [];
  for (const span of spans.filter(({ from, to }) => from <= to).toSorted((a, b) => a.from - b.from)) {
    const last = found.at(-1);
    if (last === undefined || span.from > last.to + 1) found.push(span);
    else found[found.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
  }
  return found;
}

/** The days that a span shares with others. */
export const shared = ({ from, to }: Span, others: readonly Span[]): Span[] =>
  others
    .map((other) => ({ from: Math.max(from, other.from), to: Math.min(to, other.to) }))
    .filter((span) => span.from <= span.to);
