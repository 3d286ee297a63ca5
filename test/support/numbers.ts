/** By linear interpolation between the closest ranks. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** Median with the 10th to the 90th percentile. */
export function spread(values: readonly number[], unit = '', digits = 0): string {
  const [low, median, high] = [0.1, 0.5, 0.9].map((share) => quantile(values, share).toFixed(digits));
  return `${median}${unit && ` ${unit}`} (${low}–${high})`;
}

/** Whether a limit was kept. */
export function verdict(measured: number, limit: number): string {
  return measured <= limit ? 'kept' : `MISSED by ${((measured / limit - 1) * 100).toFixed(0)} %`;
}
