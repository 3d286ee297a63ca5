import { Temporal } from 'temporal-polyfill';
import { dayOf, numberOf, type Span } from '../dataset/spans.ts';

export const daysIn = (spans: readonly Span[]): number =>
  spans.reduce((sum, { from, to }) => sum + to - from + 1, 0);

export const isWithin = ({ from, to }: Span, spans: readonly Span[]): boolean =>
  spans.some((span) => span.from <= from && to <= span.to);
const touches = ({ from, to }: Span, spans: readonly Span[]): boolean =>
  spans.some((span) => span.from <= to && from <= span.to);

/** The whole weeks of spans, cut from the end of each. */
export const weeksOf = (spans: readonly Span[]): Span[] =>
  spans.flatMap(({ from, to }) =>
    Array.from({ length: Math.floor((to - from + 1) / 7) }, (_, index) => ({
      from: to - 7 * index - 6,
      to: to - 7 * index,
    })).toReversed(),
  );

/** The incidents of one series. */
export interface Series {
  /** The number of incidents on each day, without those whose day is unknown. */
  readonly dated: ReadonlyMap<number, number>;
  /** Incidents that may have happened on any day of a span. */
  readonly imprecise: readonly (Span & { readonly count: number })[];
}

/** Incidents whose day is certainly among the given days. */
export function countWithin({ dated, imprecise }: Series, spans: readonly Span[]): number {
  let count = 0;
  for (const { from, to } of spans) for (let day = from; day <= to; day += 1) count += dated.get(day) ?? 0;
  for (const each of imprecise) if (isWithin(each, spans)) count += each.count;
  return count;
}

/** Incidents whose day is or may be among the given days. */
export function countTouching(series: Series, spans: readonly Span[]): number {
  const possible = series.imprecise.filter((each) => touches(each, spans) && !isWithin(each, spans));
  return possible.reduce((sum, { count }) => sum + count, countWithin(series, spans));
}

export interface PeriodAndBaseline {
  readonly period: number;
  readonly baseline: number;
}

/**
 * Counts a period and its baseline twice, because an imprecise date may belong to either. `low` has the fewest incidents
 * in the period and the most before it, `high` the reverse; the truth lies between.
 */
export function readingsOf(
  series: Series,
  { period, baseline }: { period: readonly Span[]; baseline: readonly Span[] },
): { low: PeriodAndBaseline; high: PeriodAndBaseline } {
  const low = { period: countWithin(series, period), baseline: countTouching(series, baseline) };
  const high = { period: countTouching(series, period), baseline: countWithin(series, baseline) };
  return { low, high };
}

/** In years and weeks, as in the method of `seasonOf`. */
const SEASONS = { most: 5, fewest: 3, weeksAround: 3 };

/**
 * The same season of up to five earlier years: the days of `period` and three weeks on either side, in each year that
 * is covered as a whole. Null unless there are three such years. 29 February becomes 28 February. Source of the
 * windows: C. P. Farrington, N. J. Andrews, A. D. Beale and M. A. Catchpole, "A statistical algorithm for the early
 * detection of outbreaks of infectious disease", Journal of the Royal Statistical Society A 159 (1996) 547–563.
 */
export function seasonOf(period: Span, covered: readonly Span[]): Span[] | null {
  const around = SEASONS.weeksAround * 7;
  const spans = earlierYears({ from: period.from - around, to: period.to + around }, covered);
  return spans.length < SEASONS.fewest ? null : spans;
}

/** The same span in each of the five earlier years in which it is covered as a whole, earliest first. */
export function earlierYears({ from, to }: Span, covered: readonly Span[]): Span[] {
  return Array.from({ length: SEASONS.most }, (_, index): Span => {
    const years = index + 1;
    const end = numberOf(Temporal.PlainDate.from(dayOf(to)).subtract({ years }).toString());
    return { from: end - (to - from), to: end };
  })
    .filter((span, index, all) => isWithin(span, covered) && span.to < (all[index - 1]?.from ?? from))
    .toReversed();
}
