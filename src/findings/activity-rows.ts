import type { Row } from '../dataset/parse-rows.ts';
import { dayOf } from '../dataset/spans.ts';
import { percentAbout, spelled, withDecimals } from '../dataset/wording.ts';
import type { Locale } from '../locale.ts';
import { described } from './description.ts';
import { powerOf } from './rate-test.ts';
import { type Judged, nameOf } from './scan.ts';
import { phrases, type Verdict } from './verdict.ts';
import { countTouching, countWithin, isWithin, weeksOf } from './windows.ts';

export const daysText = (count: number, words: Locale): string =>
  words.text('figures.activity.days', { count, days: spelled(count, words) });
const rounded = (value: number, words: Locale): string =>
  value >= 9.95 ? words.number(Math.round(value)) : withDecimals(value, 1, words);
const range = (low: string, high: string, words: Locale): string =>
  low === high ? low : words.text('figures.activity.range', { low, high });

/** A row as templates and tables print it, with the figures that charts need. */
export function rowOf(each: Judged, words: Locale): Row {
  const { actor, place, verdict, phrase, tests, power, baseline, completeDays, lengths } = each;
  const low = tests?.low;
  const high = tests?.high;
  const count =
    low && high ? range(words.number(low.counts.period), words.number(high.counts.period), words) : '';
  const expected =
    low && high ? range(rounded(high.expected, words), rounded(low.expected, words), words) : '';
  const drop = power?.drop == null ? '' : percentAbout(power.drop, words);
  const limit = lengths > 1 ? 'several' : power?.dropCount === 0 ? 'none' : 'one';
  return {
    actor,
    place,
    name: nameOf(each),
    cites: [...each.cites],
    verdict,
    is_quiet: verdict === 'quiet',
    is_surged: verdict === 'surged',
    text: words.text(phrases[phrase], { count, expected, days: daysText(completeDays, words), drop, limit }),
    phrase,
    days: completeDays,
    count,
    count_low: low?.counts.period ?? null,
    count_high: high?.counts.period ?? null,
    expected,
    expected_low: high?.expected ?? null,
    expected_high: low?.expected ?? null,
    ratio_low: low?.low ?? null,
    ratio_high: high?.high ?? null,
    p: low && high ? Math.max(low.p, high.p) : null,
    q: each.q,
    alpha_used: each.alphaUsed,
    method: low?.method ?? null,
    dispersion: tests ? baseline.dispersion : null,
    baseline: baseline.kind,
    baseline_years: baseline.years,
    drop,
    drop_count: power?.dropCount ?? null,
    rise: power?.rise == null ? '' : percentAbout(power.rise, words),
    rise_count: power?.riseCount ?? null,
    ...described(each),
  };
}

/**
 * What the scan found, in a sentence. If no series could be compared, it says so and why: that none went quiet would
 * read as if all were normal.
 */
export function outcomeOf(
  judged: readonly Judged[],
  {
    moved,
    start,
    asOf,
    lag,
    words,
  }: { moved: number; start: number; asOf: number; lag: number; words: Locale },
): string {
  const of = (...wanted: readonly Verdict[]) =>
    judged.filter(({ verdict }) => wanted.includes(verdict)).length;
  const compared = of('quiet', 'surged', 'within normal variation');
  const dayIn = (day: number) => words.longDay(dayOf(day));
  const scanned = spelled(judged.length, words);
  if (compared === 0) {
    const since = Math.min(...judged.flatMap(({ covered }) => covered.map(({ from }) => from)));
    const why = [...new Set(judged.map(({ phrase }) => phrase))].map((cause) =>
      words.text('figures.activity.why', {
        cause: cause.replaceAll('-', '_'),
        since: Number.isFinite(since) ? dayIn(since) : '',
        lag: daysText(lag, words),
      }),
    );
    return words.text('figures.activity.none_compared', {
      count: judged.length,
      scanned,
      start: dayIn(start),
      end: dayIn(asOf),
      why: why.join(words.text('page.between.entries')),
    });
  }
  const outcome = words.text('figures.activity.outcome', {
    start: dayIn(start),
    end: dayIn(asOf - lag),
    quiet: spelled(of('quiet'), words),
    surged: spelled(of('surged'), words),
    compared: spelled(compared, words),
    count: judged.length,
    scanned,
  });
  if (moved === 0) return outcome;
  return `${outcome} ${words.text('figures.activity.moved', { count: moved, moved: spelled(moved, words) })}`;
}

/** The counts of whole covered weeks, cut from the end of the compared days, with the counts that a single test calls usual. */
export function weekRows(each: Judged, { index, alpha }: { index: number; alpha: number }): Row[] {
  const { actor, place, series, covered, baseline, verdict, tests, window } = each;
  const counts = tests?.low.counts;
  const band = counts && powerOf({ ...counts, periodDays: 7 }, alpha);
  const { recent, complete, period } = window;
  // The weeks are cut at the end of the compared days, so that each of those days is in a whole week.
  return weeksOf([
    { from: recent.from, to: complete.to },
    { from: complete.to + 1, to: period.to },
  ])
    .filter((week) => isWithin(week, covered))
    .map((week) => ({
      name: nameOf(each),
      cites: [...each.cites],
      actor,
      place,
      order: index,
      verdict,
      week: dayOf(week.from),
      end: dayOf(week.to),
      count: countWithin(series, [week]),
      count_high: countTouching(series, [week]),
      expected: counts ? (counts.baseline / counts.baselineDays) * 7 : null,
      usual_low: band ? (band.dropCount ?? -1) + 1 : null,
      usual_high: band ? band.riseCount - 1 : null,
      baseline: baseline.kind,
      in_period: week.to >= window.period.from,
      complete: week.to <= window.complete.to,
    }));
}
