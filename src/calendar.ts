import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';

/** A calendar day, `YYYY-MM-DD`. Days compare correctly as strings. */
export const day = z.iso.date({ error: 'is not a calendar day such as 2021-08-25' });
export type Day = z.infer<typeof day>;

/** What an edition reports on: the days from `start` to `asOf`, both included. */
export interface Period {
  readonly start: Day;
  readonly asOf: Day;
  /** The last day of the period before this one: what "since the previous issue" compares with. */
  readonly previousAsOf: Day;
}

/**
 * The period of ISO 8601 length `length` (`P7D`, `P1M`) that ends with `asOf`. A length in months that ends with the
 * last day of a month is made of whole calendar months; one that ends with another day begins after the same day of an
 * earlier month, or after the last day of that month if it is shorter.
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

/** Days from `start` to `end`, both included; 0 when `end` is the day before `start`. */
export function daysBetween(start: Day, end: Day): number {
  return Temporal.PlainDate.from(start).until(Temporal.PlainDate.from(end)).days + 1;
}

export const dayAfter = (date: Day): Day => Temporal.PlainDate.from(date).add({ days: 1 }).toString();

/** The instant at which what is known stops: the midnight after `asOf` in `timezone`. */
export function cutOff(asOf: Day, timezone: string): Temporal.ZonedDateTime {
  return Temporal.PlainDate.from(asOf).add({ days: 1 }).toZonedDateTime({ timeZone: timezone });
}

/**
 * The number of an issue is the ISO 8601 week date of the last day it reports on: `2021-W33` for a week that ends
 * on Sunday, `2021-W34-3` for one that ends in mid-week. It is a function of the period alone, so that two issues
 * never share a number and a late one keeps its own.
 */
export function issueNumber(asOf: Day): string {
  const date = Temporal.PlainDate.from(asOf);
  const week = `${date.yearOfWeek}-W${String(date.weekOfYear).padStart(2, '0')}`;
  return date.dayOfWeek === 7 ? week : `${week}-${date.dayOfWeek}`;
}

/** `day` in the time zone at the instant `now`. */
export function today(now: Date, timezone: string): Day {
  return Temporal.Instant.fromEpochMilliseconds(now.getTime())
    .toZonedDateTimeISO(timezone)
    .toPlainDate()
    .toString();
}

/** Days that are named by their place before today. */
export const relativeDays = ['yesterday', 'last-sunday'] as const;
/** A calendar day, or one that depends on today. */
export const dayName = z.union([day, z.enum(relativeDays)], {
  error: `is not a calendar day such as 2021-08-25, nor one of ${relativeDays.join(', ')}`,
});
export type DayName = z.output<typeof dayName>;

/** The day that `name` means in the time zone at the instant `now`. On a Sunday, `last-sunday` is a week ago. */
export function resolveDay(name: DayName, { timezone, now }: { timezone: string; now: Date }): Day {
  if (name !== 'yesterday' && name !== 'last-sunday') return name;
  const current = Temporal.PlainDate.from(today(now, timezone));
  return current.subtract({ days: name === 'yesterday' ? 1 : current.dayOfWeek }).toString();
}
