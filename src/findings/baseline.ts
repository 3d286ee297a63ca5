import { shared, type Span } from '../dataset/spans.ts';
import { compareRates, dispersionOf } from './rate-test.ts';
import {
  countTouching,
  countWithin,
  daysIn,
  earlierYears,
  isWithin,
  seasonOf,
  type Series,
  weeksOf,
} from './windows.ts';

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
