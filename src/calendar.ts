import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';

/** A calendar day, `YYYY-MM-DD`. Days compare correctly as strings. */
export const day = z.iso.date({ error: 'is not a calendar day such as 2021-08-25' });
export type Day = z.infer<typeof day>;

/** The days that an edition reports on, from `start` to `asOf` inclusive. */
export interface Period {
  readonly start: Day;
  readonly asOf: Day;
  /** The last day of the previous period, which "since the previous issue" refers to. */
  readonly previousAsOf: Day;
}

/**
 * Returns the period of ISO 8601 length `length` (`P7D`, `P1M`) that ends on `asOf`. If the length is in months and
 * `asOf` is the last day of a month, the period is whole calendar months. Otherwise it starts on the day after the same
 * date in an earlier month, or after the last day of that month if the month is shorter.
 */
export function periodEnding(asOf: Day, length: string): Period {
  const end = Temporal.PlainDate.from(asOf);
  const duration = Temporal.Duration.from(length);
  const sameDay = end.subtract(duration);
  const isWholeMonths = duration.months > 0 && end.day === end.daysInMonth;
  const previous = isWholeMonths ? sameDay.with({ day: sameDay.daysInMonth }) : sameDay;
  return {
    start: previous.add({ days: 1 }).toString(),
    asOf,
    previousAsOf: previous.toString(),
  };
}

/** Number of days from `start` to `end` inclusive; 0 when `end` is the day before `start`. */
export function daysBetween(start: Day, end: Day): number {
  return Temporal.PlainDate.from(start).until(Temporal.PlainDate.from(end)).days + 1;
}

export const dayAfter = (date: Day, days = 1): Day => Temporal.PlainDate.from(date).add({ days }).toString();

/** The instant after which information is left out: the midnight that ends `asOf` in `timezone`. */
export function cutOff(asOf: Day, timezone: string): Temporal.ZonedDateTime {
  return Temporal.PlainDate.from(asOf).add({ days: 1 }).toZonedDateTime({ timeZone: timezone });
}

/**
 * The issue number is the ISO 8601 week date of the period's last day: `2021-W33` for a week that ends on Sunday,
 * `2021-W34-3` for one that ends mid-week. It depends on the period alone, so two issues never share a number and a
 * late issue keeps its own.
 */
export function issueNumber(asOf: Day): string {
  const date = Temporal.PlainDate.from(asOf);
  const week = `${date.yearOfWeek}-W${String(date.weekOfYear).padStart(2, '0')}`;
  return date.dayOfWeek === 7 ? week : `${week}-${date.dayOfWeek}`;
}

/** The calendar day in `timezone` at the instant `now`. */
export function today(now: Date, timezone: string): Day {
  return Temporal.Instant.fromEpochMilliseconds(now.getTime())
    .toZonedDateTimeISO(timezone)
    .toPlainDate()
    .toString();
}

/** Names of days relative to today. */
export const relativeDays = ['yesterday', 'last-sunday'] as const;
/** A calendar day, or a name relative to today. */
export const dayName = z.union([day, z.enum(relativeDays)], {
  error: `is not a calendar day such as 2021-08-25, nor one of ${relativeDays.join(', ')}`,
});
export type DayName = z.output<typeof dayName>;

/** Resolves `name` to a day in `timezone` at the instant `now`. On a Sunday, `last-sunday` is a week ago. */
export function resolveDay(name: DayName, { timezone, now }: { timezone: string; now: Date }): Day {
  if (name !== 'yesterday' && name !== 'last-sunday') return name;
  const current = Temporal.PlainDate.from(today(now, timezone));
  return current.subtract({ days: name === 'yesterday' ? 1 : current.dayOfWeek }).toString();
}
