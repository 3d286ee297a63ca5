/** How long the pauses between tries are. */
export interface Pauses {
  readonly firstSeconds: number;
  readonly longestSeconds: number;
}

/**
 * Seconds to wait before attempt `attempt` + 1: doubled each time, and spread by a quarter so that what failed together
 * does not come back together. `random` gives a number from 0 to 1.
 */
export function backoffSeconds(
  attempt: number,
  random: () => number,
  { firstSeconds, longestSeconds }: Pauses = { firstSeconds: 5, longestSeconds: 30 * 60 },
): number {
  return Math.round(Math.min(firstSeconds * 2 ** (attempt - 1) * (1 + random() / 4), longestSeconds));
}
