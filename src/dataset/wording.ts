import type { Locale } from '../locale.ts';
import type { RowOf } from './schema.ts';

/** The date of an event, with no more precision than is known. */
export function eventDate(
  { precision, date_start: start, date_end: end }: RowOf<'events'>,
  words: Locale,
): string {
  if (precision === 'undated' || start === null) return words.text('dates.undated');
  if (precision === 'day') return words.longDay(start);
  if (precision === 'month') return words.month(start);
  if (precision === 'season') return words.season(start);
  return words.daySpan(start, end ?? start);
}

const largestInWords = 10;

/** Whole numbers up to ten in words, if the locale lists them; others in digits with thousands separators. */
export const spelled = (value: number, words: Locale): string =>
  (value <= largestInWords ? words.lists?.numbers?.[value] : undefined) ?? words.number(value);

/** `at least 45 per cent`, `about 20`: the figure with its bound. */
export function boundedValue(
  { bound, value, unit }: Pick<RowOf<'measures'>, 'bound' | 'value' | 'unit'>,
  words: Locale,
): string {
  const number = unit !== '%' && bound === '=' ? spelled(value, words) : words.number(value);
  const figure = unit === '%' ? words.text('figures.per_cent', { value: number }) : number;
  if (bound === '>=') return words.text('figures.at_least', { value: figure });
  return bound === '~' ? words.text('figures.about', { value: figure }) : figure;
}

/**
 * Rounds a number up or down to this many significant digits. A limit is rounded away from the figure that it bounds,
 * so that the printed limit is still true.
 */
export function roundOutward(value: number, digits: number, direction: 'up' | 'down'): number {
  if (value === 0) return 0;
  const step = 10 ** (Math.floor(Math.log10(Math.abs(value))) - digits + 1);
  return Number((stepsOutward(value / step, direction) * step).toPrecision(digits));
}

/** The same with a fixed number of decimals. */
export function fixedOutward(value: number, decimals: number, direction: 'up' | 'down'): number {
  const steps = 10 ** decimals;
  return stepsOutward(value * steps, direction) / steps;
}

function stepsOutward(steps: number, direction: 'up' | 'down'): number {
  // A value that is whole apart from floating-point error stays unchanged.
  const whole = Math.round(steps);
  if (Math.abs(steps - whole) < 1e-9) return whole;
  return direction === 'up' ? Math.ceil(steps) : Math.floor(steps);
}

/** A number with a fixed number of decimals: `1.20`. */
export const withDecimals = (value: number, decimals: number, words: Locale): string =>
  words.number(value, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

/** A probability as an upper limit, in per cent without the words: `0.014`. */
export const percentAtMost = (probability: number, words: Locale): string =>
  twoDigits(roundOutward(probability * 100, 2, 'up'), words);

/** A probability in per cent without the words, rounded to nearest: `0.013`. */
export const percentNearest = (probability: number, words: Locale): string =>
  twoDigits(Number((probability * 100).toPrecision(2)), words);

const twoDigits = (percent: number, words: Locale): string =>
  words.number(percent, {
    minimumSignificantDigits: percent < 10 ? 2 : 1,
    maximumSignificantDigits: 2,
  });

/** A share in per cent, rounded to a whole number: `about 37 per cent`. For estimates, not limits. */
export const percentAbout = (share: number, words: Locale): string =>
  words.text('figures.about', {
    value: words.text('figures.per_cent', { value: words.number(Math.round(share * 100)) }),
  });
