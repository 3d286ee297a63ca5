/** The days since the last incident, against the gaps before it. Days count from any fixed day. */
export interface SilenceSoFar {
  /** Days without an incident since the last one. */
  readonly emptyDays: number;
  /** The number of gaps before. */
  readonly gaps: number;
  /** The share of gaps at least as long as this one, itself included; null if there are fewer than 20. */
  readonly share: number | null;
}

/** With fewer gaps, no share below 5 per cent is possible. */
const FEWEST_GAPS = 20;

/**
 * Ranks the days since the last incident among the gaps before it. `days` are the distinct days with incidents, in
 * order; days after `until` do not count. Gaps that `isWhole` refuses, such as those with uncovered days, are left out.
 * The share counts the present gap, so it is never 0: A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their
 * Application" (1997), 4.2. It describes a series; no verdict depends on it. Null if there is no incident, or if the
 * present gap is not whole.
 */
export function silenceSoFar(
  days: readonly number[],
  { until, isWhole }: { until: number; isWhole: (from: number, to: number) => boolean },
): SilenceSoFar | null {
  const known = days.filter((day) => day <= until);
  const last = known.at(-1);
  if (last === undefined || !isWhole(last, until)) return null;
  const emptyDays = until - last;
  const gaps = known.flatMap((day, index) => {
    const previous = known[index - 1];
    return previous !== undefined && isWhole(previous, day) ? [day - previous - 1] : [];
  });
  const longer = gaps.filter((gap) => gap >= emptyDays).length;
  return {
    emptyDays,
    gaps: gaps.length,
    share: gaps.length < FEWEST_GAPS ? null : (longer + 1) / (gaps.length + 1),
  };
}
