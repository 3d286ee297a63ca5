import { Temporal } from 'temporal-polyfill';
import type { Day } from './calendar.ts';

/** Times, durations and sizes in the language of a BCP 47 tag such as `en-GB`. `Locale` has days, numbers and lists. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** Kept, because creating a format takes far longer than using it. */
function dateFormat(tag: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([tag, options]);
  const known = formats.get(key);
  if (known) return known;
  const format = new Intl.DateTimeFormat(tag, options);
  formats.set(key, format);
  return format;
}

const instantOf = (day: Day): Date => new Date(`${day}T00:00Z`);
const formatDay = (tag: string, day: Day, options: Intl.DateTimeFormatOptions): string =>
  dateFormat(tag, { ...options, timeZone: 'UTC' }).format(instantOf(day));

/** `Sun 22 Aug` */
export const weekDay = (tag: string, day: Day): string =>
  formatDay(tag, day, { weekday: 'short', day: 'numeric', month: 'short' });
/** `August` */
export const monthName = (tag: string, day: Day): string => formatDay(tag, day, { month: 'long' });

const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' } as const;
const date = { day: 'numeric', month: 'short', year: 'numeric' } as const;

/** `22 Aug 2021, 05:00 UTC`; with `seconds`, `05:00:09`. */
export const utcMoment = (tag: string, at: Date, { seconds = false }: { seconds?: boolean } = {}): string =>
  dateFormat(tag, { ...date, ...clock, ...(seconds && { second: '2-digit' }), timeZone: 'UTC' }).format(at);

/** `05:00:09 UTC`. The script of the pages writes times in the same way. */
export const utcClock = (tag: string, at: Date): string =>
  dateFormat(tag, { ...clock, second: '2-digit', timeZone: 'UTC' }).format(at);

/** `Mon, 30 Aug 2021, 06:00 BST`, in a time zone. */
export const localMoment = (tag: string, at: Date, timeZone: string): string =>
  dateFormat(tag, { weekday: 'short', ...date, ...clock, timeZone }).format(at);

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
