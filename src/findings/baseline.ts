import { compareRates, dispersionOf } from './rate-test.ts';
import {
  countWithin,
  daysIn,
  earlierYears,
  isWithin,
  seasonOf,
  type Series,
  shared,
  type Span,
  weeksOf,
} from './windows.ts';

/** The days that a period is compared with. */
export interface Baseline {
  readonly kind: 'recent' | 'season';
  readonly spans: readonly Span[];
  /** Whole weeks, with collection on each of their days. */
  readonly weeks: number;
  /** Earlier years; 0 for the days just before the period. */
  readonly years: number;
  /** Variance over mean of the counts of those weeks. */
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
    return {
      kind,
      spans,
      weeks: weeks.length,
      years: kind === 'season' ? spans.length : 0,
      dispersion: dispersionOf(weeks.map((week) => countWithin(series, [week]))),
    };
  };
  const before = of('recent', shared(recent, covered));
  const season = seasonOf(period, covered);
  if (season === null || !isWithin(recent, covered)) return before;
  const earlier = of('season', earlierYears(recent, covered));
  if (earlier.years < season.length) return before;
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
