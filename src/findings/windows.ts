import { Temporal } from 'temporal-polyfill';
import { dayOf, numberOf, shared, type Span } from '../dataset/spans.ts';
import { compareRates, dispersionOf } from './rate-test.ts';

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

/**
 * Counts a period and its baseline twice, because an imprecise date may belong to either. `low` has the fewest incidents
 * in the period and the most before it, `high` the reverse; the truth lies between.
 */
export function readingsOf(
  series: Series,
  { period, baseline }: { period: readonly Span[]; baseline: readonly Span[] },
) {
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
function seasonOf(period: Span, covered: readonly Span[]): Span[] | null {
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

/** The days that a period is compared with. */
export interface Baseline {
  readonly kind: 'recent' | 'season';
  readonly spans: readonly Span[];
  /** Whole weeks, with collection on each of their days. */
  readonly weeks: number;
  /** There are incidents, and the week of none is known: then the dispersion is not known either. */
  readonly isVague: boolean;
  /** Earlier years; 0 for the days just before the period. */
  readonly years: number;
  /**
   * Variance over mean of the counts of those weeks. If the week of an incident is known only with the chance p, the
   * known counts have the dispersion p * D + 1 - p (the law of total variance), which is solved for D.
   */
  readonly dispersion: number;
}

/** Above this p-value, the days before the period agree with the same days of earlier years. */
const AGREES = 0.05;

/**
 * The same season of earlier years is the baseline if at least three of them are covered (`seasonOf`), and if they also
 * predict the days just before the period, tested in the same way on the same days of those years. Otherwise the rate
 * has changed since, and those years no longer say what to expect: then the baseline is the days just before.
 */
export function chooseBaseline(
  series: Series,
  { period, recent, covered }: { period: Span; recent: Span; covered: readonly Span[] },
): Baseline {
  const of = (kind: Baseline['kind'], spans: readonly Span[]): Baseline => {
    const weeks = weeksOf(spans);
    const counts = weeks.map((week) => countWithin(series, [week]));
    const known = counts.reduce((sum, count) => sum + count, 0);
    const all = countTouching(series, weeks);
    const dispersion = dispersionOf(counts);
    return {
      kind,
      spans,
      weeks: weeks.length,
      isVague: known === 0 && all > 0,
      years: kind === 'season' ? spans.length : 0,
      dispersion: known === 0 ? 1 : Math.max(dispersion, 1 + ((dispersion - 1) * all) / known),
    };
  };
  const before = of('recent', shared(recent, covered));
  const season = seasonOf(period, covered);
  if (season === null || !isWithin(recent, covered)) return before;
  const earlier = of('season', earlierYears(recent, covered));
  if (earlier.years < season.length || earlier.isVague) return before;
  const { p } = compareRates(
    {
      period: countWithin(series, before.spans),
      periodDays: daysIn(before.spans),
      baseline: countWithin(series, earlier.spans),
      baselineDays: daysIn(earlier.spans),
      dispersion: earlier.dispersion,
    },
    AGREES,
  );
  return p > AGREES ? of('season', season) : before;
}
