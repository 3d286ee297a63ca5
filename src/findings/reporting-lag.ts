import { type Day, daysBetween } from '../calendar.ts';

/** Incidents of one day that became known on one day. */
export interface Report {
  readonly start: Day;
  readonly known_on: Day;
  readonly count: number;
}

const FEWEST_IMPORTS = 3;
const FEWEST_REPORTS = 20;

/**
 * Estimates how many days pass until 95 per cent of the incidents of a day are known, from the days of successive
 * imports. Null if there are fewer than three imports, or fewer than 20 incidents after the first one.
 *
 * Incidents up to the day of the first import are left out, because it brought all of the past at once. Recent incidents
 * can only have short delays so far, so a plain share would be too favourable. Going back from the longest delay d, the
 * share known within d - 1 days is multiplied by 1 - (reports with delay d) / (reports with a delay of at most d, from
 * days that could have shown d). Source: S. W. Lagakos, L. M. Barraj and V. De Gruttola, "Nonparametric analysis of
 * truncated survival data, with application to AIDS", Biometrika 75 (1988) 515–523. Delays longer than any seen cannot
 * be allowed for.
 */
export function reportingLag(reports: readonly Report[]): number | null {
  const imports = [...new Set(reports.map(({ known_on }) => known_on))].toSorted();
  const [first] = imports;
  const last = imports.at(-1);
  if (first === undefined || last === undefined || imports.length < FEWEST_IMPORTS) return null;
  const later = reports
    .filter(({ start, known_on }) => start > first && known_on >= start)
    .map(({ start, known_on, count }) => ({
      delay: daysBetween(start, known_on) - 1,
      /** The longest delay that incidents of this day can have shown. */
      longest: daysBetween(start, last) - 1,
      count,
    }));
  const sum = (those: readonly { count: number }[]) => those.reduce((all, { count }) => all + count, 0);
  if (sum(later) < FEWEST_REPORTS) return null;
  const delays = [...new Set(later.map(({ delay }) => delay))].toSorted((a, b) => b - a);
  let known = 1;
  for (const delay of delays) {
    const atRisk = later.filter((each) => each.delay <= delay && each.longest >= delay);
    const before = known * (1 - sum(atRisk.filter((each) => each.delay === delay)) / sum(atRisk));
    if (before < 0.95) return delay;
    known = before;
  }
  return 0;
}
