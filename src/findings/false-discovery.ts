/**
 * The Benjamini–Hochberg adjusted p-values, in the order given. Calling those at most alpha significant keeps the
 * expected share of false ones among them at most alpha. Source: Y. Benjamini and Y. Hochberg, "Controlling the false
 * discovery rate", Journal of the Royal Statistical Society B 57 (1995) 289–300.
 */
export function adjusted(ps: readonly number[]): number[] {
  const order = ps.map((p, index) => ({ p, index })).toSorted((a, b) => b.p - a.p);
  const qs = Array.from<number>({ length: ps.length });
  let least = 1;
  for (const [place, { p, index }] of order.entries()) {
    least = Math.min(least, (p * ps.length) / (ps.length - place));
    qs[index] = least;
  }
  return qs;
}

/**
 * The largest p-value at which a test with the adjusted p-value `q` would be significant, given that `significant` of
 * the `scanned` tests are: a test that is not significant would have been one more.
 */
export function alphaUsed(
  q: number,
  { alpha, significant, scanned }: { alpha: number; significant: number; scanned: number },
): number {
  return (alpha * (q <= alpha ? significant : significant + 1)) / scanned;
}
