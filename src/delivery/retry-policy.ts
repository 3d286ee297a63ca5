/** The length of pauses between attempts. */
export interface Pauses {
  readonly firstSeconds: number;
  readonly longestSeconds: number;
}

/**
 * Seconds to wait before attempt `attempt` + 1. The pause doubles each time and varies by a quarter, so that
 * simultaneous failures are not retried simultaneously. `random` returns a number from 0 to 1.
 */
export function backoffSeconds(
  attempt: number,
  random: () => number,
  { firstSeconds, longestSeconds }: Pauses = { firstSeconds: 5, longestSeconds: 30 * 60 },
): number {
  return Math.round(Math.min(firstSeconds * 2 ** (attempt - 1) * (1 + random() / 4), longestSeconds));
}
