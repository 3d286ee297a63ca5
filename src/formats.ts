import { Temporal } from 'temporal-polyfill';

/** Durations and sizes in the language of a BCP 47 tag such as `en-GB`. `Locale` has days, times, numbers and lists. */

/** `7 days`, from `P7D`. */
export const durationOf = (tag: string, period: string): string =>
  Temporal.Duration.from(period).toLocaleString(tag, { style: 'long' });

const units = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
] as const;

/** A number of seconds, rounded: `5 days`, `20 hours`, `3 minutes`. */
export function roundSpan(tag: string, seconds: number): string {
  const [size, unit] = units.find(([each]) => seconds >= each * 2) ?? [1, 'second'];
  const format = new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' });
  return format.format(Math.round(seconds / size));
}

/** `123 kB` or `9.5 MB`. */
export function fileSize(tag: string, bytes: number): string {
  const [size, unit, digits] = bytes < 1_000_000 ? [1000, 'kilobyte', 0] : [1_000_000, 'megabyte', 1];
  const format = new Intl.NumberFormat(tag, { style: 'unit', unit, maximumFractionDigits: digits });
  return format.format(bytes / size);
}
