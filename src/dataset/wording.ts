import { Temporal } from 'temporal-polyfill';
import type { Day } from '../calendar.ts';
import type { Locale } from '../locale.ts';
import type { RowOf } from './schema.ts';

// Days for the web pages and mail, in British English.
const locale = 'en-GB';

// Formatted once: creating a date format takes longer than all other formatting on a page.
const names = (options: Intl.DateTimeFormatOptions, days: readonly string[]): readonly string[] => {
  const format = new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' });
  return days.map((day) => format.format(Temporal.Instant.from(`${day}T00:00Z`).epochMilliseconds));
};
const numbers = Array.from({ length: 12 }, (_, index) => String(index + 1).padStart(2, '0'));
const monthNames = names(
  { month: 'long' },
  numbers.map((number) => `2001-${number}-01`),
);
/** From Monday: 1 January 2001 was one. */
const weekdayNames = names(
  { weekday: 'long' },
  numbers.slice(0, 7).map((number) => `2001-01-${number}`),
);
const monthName = (day: Day): string => monthNames[Temporal.PlainDate.from(day).month - 1] ?? '';

/** `25 August 2021` */
export const longDay = (day: Day): string => `${dayAndMonth(day)} ${Temporal.PlainDate.from(day).year}`;
const dayAndMonth = (day: Day): string => `${Temporal.PlainDate.from(day).day} ${monthName(day)}`;
/** `Wednesday 25 August 2021` */
export const weekday = (day: Day): string =>
  `${weekdayNames[Temporal.PlainDate.from(day).dayOfWeek - 1]} ${longDay(day)}`;
/** `25 Aug 2021` */
export const shortDay = (day: Day): string => {
  const { day: number, year } = Temporal.PlainDate.from(day);
  return `${number} ${shortMonth(day)} ${year}`;
};
/** `May 2019` */
export const month = (day: Day): string => `${monthName(day)} ${Temporal.PlainDate.from(day).year}`;

/** `Aug`: always three letters, although the locale data has `Sept`. */
export const shortMonth = (day: Day): string => monthName(day).slice(0, 3);

/** `19–25 August 2021`, `28 July – 3 August 2021`, or whole months if the span begins and ends with one. */
export function daySpan(start: Day, end: Day): string {
  const [first, last] = [Temporal.PlainDate.from(start), Temporal.PlainDate.from(end)];
  if (first.equals(last)) return longDay(start);
  if (first.day === 1 && last.day === last.daysInMonth) {
    return first.toPlainYearMonth().equals(last.toPlainYearMonth())
      ? month(start)
      : `${month(start)} to ${month(end)}`;
  }
  if (first.toPlainYearMonth().equals(last.toPlainYearMonth())) return `${first.day}–${longDay(end)}`;
  if (first.year === last.year) return `${dayAndMonth(start)} – ${longDay(end)}`;
  return `${longDay(start)} – ${longDay(end)}`;
}

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
  (value <= largestInWords ? words.lists?.numbers[value] : undefined) ?? words.number(value);

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
