const FIRST_SECONDS = 5;
const LONGEST_SECONDS = 30 * 60;

/**
 * Seconds to wait before attempt `attempt` + 1: doubled each time, and spread by half so that what failed together does
 * not come back together. `random` gives a number from 0 to 1.
 */
export function backoffSeconds(attempt: number, random: () => number): number {
  const whole = Math.min(FIRST_SECONDS * 2 ** (attempt - 1), LONGEST_SECONDS);
  return Math.round(whole * (0.5 + random() / 2));
}
