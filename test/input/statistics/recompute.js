// Recomputes every figure of the silence after 105 claims, from the days and the count alone. It shares no code and no
// method with src/: exact fractions in place of powers, a sum over the binomial in place of the beta quantile, a Markov
// chain in place of the recursion for runs, and a numerical mixture in place of the negative binomial's formula.
// Run it with "node test/input/statistics/recompute.js": it prints the figures as JSON, unrounded.

const claims = 105;
const days = (from, to) => (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;
const readings = [
  { label: 'last active day', baselineEnd: '2021-08-14', quietStart: '2021-08-15', observedTo: '2021-08-23' },
  { label: 'first quiet day', baselineEnd: '2021-08-13', quietStart: '2021-08-14', observedTo: '2021-08-23' },
  { label: 'last active day', baselineEnd: '2021-08-14', quietStart: '2021-08-15', observedTo: '2021-08-20' },
  { label: 'last active day', baselineEnd: '2021-08-14', quietStart: '2021-08-15', observedTo: '2021-08-24' },
  { label: 'first quiet day', baselineEnd: '2021-08-13', quietStart: '2021-08-14', observedTo: '2021-08-24' },
];

/** exp(-x) by its series, with x halved until it is small. */
function expOfMinus(x) {
  if (x > 0.01) return expOfMinus(x / 2) ** 2;
  let [term, sum] = [1, 1];
  for (let n = 1; n < 20; n += 1) sum += term *= -x / n;
  return sum;
}

/** The x between `low` and `high` at which the falling function `f` is `value`, by halving the interval. */
function solve(f, value, low, high) {
  for (let round = 0; round < 200; round += 1) {
    const middle = (low + high) / 2;
    if (f(middle) > value) low = middle;
    else high = middle;
  }
  return low;
}

/** The chance that none of `n` events falls into a share `p` of the time, by multiplying out. */
const noneOf = (n, p) => Array.from({ length: n }).reduce((chance) => chance * (1 - p), 1);

/** The chance of an empty day when the day's rate is gamma-distributed with shape k and the given mean, by Simpson's rule. */
function emptyDayOfMixture(mean, k) {
  // With rate = u^(1/k), the density's pole at zero for k < 1 disappears: gamma(k) cancels against the same integral
  // without the factor exp(-rate).
  const scale = mean / k;
  const integral = (slope) => {
    const top = (60 * scale) ** k;
    const steps = 400_000;
    const width = top / steps;
    let sum = 0;
    for (let step = 0; step <= steps; step += 1) {
      const rate = (step * width) ** (1 / k);
      const weight = step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2;
      sum += weight * Math.exp(-rate * slope);
    }
    return (sum * width) / 3;
  };
  return integral(1 / scale + 1) / integral(1 / scale);
}

/** The chance of a run of `length` empty days in `total`, by a Markov chain over the length of the present run. */
function runOf(length, total, empty) {
  let states = Array.from({ length: length + 1 }, (_, run) => (run === 0 ? 1 : 0));
  for (let day = 0; day < total; day += 1) {
    const next = states.map(() => 0);
    for (const [run, chance] of states.entries()) {
      if (run === length) next[length] += chance;
      else {
        next[run + 1] += chance * empty;
        next[0] += chance * (1 - empty);
      }
    }
    states = next;
  }
  return states[length];
}

const perReading = readings.map(({ label, baselineEnd, quietStart, observedTo }) => {
  const before = days('2021-05-01', baselineEnd);
  const quiet = days(quietStart, observedTo);
  const expected = (claims * quiet) / before;
  const share = solve((p) => noneOf(claims, p), 0.025, 0, 1);
  return {
    label,
    observedTo,
    before,
    quiet,
    rate: claims / before,
    expected,
    chance: expOfMinus(expected),
    ratio: ((share / (1 - share)) * before) / quiet,
  };
});

const { before, quiet, expected, rate } = perReading[0];
// (106/115)^105 as a fraction of whole numbers, cut to 30 decimals.
const conditional = Number((10n ** 30n * BigInt(before) ** BigInt(claims)) / BigInt(before + quiet) ** BigInt(claims)) / 1e30;
const empty = expOfMinus(rate);
const clustered = { 1: emptyDayOfMixture(rate, 1), 0.5: emptyDayOfMixture(rate, 0.5) };
const quietDaysOf = (day) => Array.from({ length: quiet }).reduce((chance) => chance * day, 1);

console.log(
  JSON.stringify(
    {
      readings: perReading,
      conditional,
      empty: { poisson: empty, k1: clustered[1], k05: clustered[0.5] },
      silence: { k1: quietDaysOf(clustered[1]), k05: quietDaysOf(clustered[0.5]) },
      run: {
        poisson: runOf(quiet, before, empty),
        k1: runOf(quiet, before, clustered[1]),
        k05: runOf(quiet, before, clustered[0.5]),
      },
      breakEven: {
        at5: solve((seen) => expOfMinus(expected * seen), 0.05, 0, 1),
        at20: solve((seen) => expOfMinus(expected * seen), 0.2, 0, 1),
      },
      rest: 100 - 45,
    },
    null,
    2,
  ),
);
