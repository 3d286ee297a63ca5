import { Temporal } from 'temporal-polyfill';
import type { Day } from './calendar.ts';

const seasons = ['winter', 'spring', 'summer', 'autumn'];
const firstDays = Array.from({ length: 12 }, (_, index) => `2001-${String(index + 1).padStart(2, '0')}-01`);
/** From Sunday: 7 January 2001 was one. */
const week = Array.from({ length: 7 }, (_, index) => `2001-01-${String(index + 7).padStart(2, '0')}`);

/**
 * Days and times in the words of the locale with this BCP 47 tag. `text` returns its messages under `dates`. The examples
 * are en-GB.
 */
export function datesOf(
  tag: string,
  text: (key: string, values?: { readonly [name: string]: string }) => string,
) {
  const named = (options: Intl.DateTimeFormatOptions, days: readonly string[]): readonly string[] => {
    const format = new Intl.DateTimeFormat(tag, { ...options, timeZone: 'UTC' });
    return days.map((day) => format.format(Date.parse(day)));
  };
  const nameAll = () => ({
    months: named({ month: 'long' }, firstDays),
    shortMonths: text('dates.short_months').split(' '),
    days: named({ weekday: 'long' }, week),
    shortDays: named({ weekday: 'short' }, week),
  });
  let allNames: ReturnType<typeof nameAll> | undefined;
  /** Named when first needed, because a command line call needs none. */
  const namesNow = () => (allNames ??= nameAll());
  const digits = new Intl.NumberFormat(tag, { useGrouping: false });
  const two = new Intl.NumberFormat(tag, { minimumIntegerDigits: 2 });
  const parts = (day: Day) => {
    const { day: number, month, year, dayOfWeek } = Temporal.PlainDate.from(day);
    const names = namesNow();
    return {
      day: digits.format(number),
      month: names.months[month - 1] ?? '',
      year: digits.format(year),
      shortMonth: names.shortMonths[month - 1] ?? '',
      weekday: names.days[dayOfWeek % 7] ?? '',
      shortWeekday: names.shortDays[dayOfWeek % 7] ?? '',
    };
  };
  /** A message about a day; with `short`, the name of its month is short. */
  const write = (key: string, day: Day, length: 'long' | 'short' = 'long'): string => {
    const written = parts(day);
    return text(key, length === 'short' ? { ...written, month: written.shortMonth } : written);
  };
  const longDay = remembering((day) => write('dates.day', day));
  const shortDay = remembering((day) => write('dates.day', day, 'short'));
  const month = (day: Day): string => write('dates.month', day);
  const shortDayOfYear = (day: Day): string => write('dates.day_of_year', day, 'short');
  const withWeekday = (weekday: string, written: string): string =>
    text('dates.weekday', { weekday, date: written });
  const clocks = new Map<string, Intl.DateTimeFormat>();
  /** Kept, because creating a format takes far longer than using it. */
  const clockIn = (timeZone: string, seconds: boolean): Intl.DateTimeFormat => {
    const key = `${timeZone} ${seconds}`;
    const known =
      clocks.get(key) ?? new Intl.DateTimeFormat(tag, { ...hours, ...(seconds && second), timeZone });
    clocks.set(key, known);
    return known;
  };
  return {
    /** The names that charts print, from January and from Sunday. */
    get names() {
      return namesNow();
    },
    /** `25 August 2021` */
    longDay,
    /** `May 2019` */
    month,
    /** `25 Aug 2021` */
    shortDay,
    /** `25 Aug` */
    shortDayOfYear,
    /** `Sun 22 Aug` */
    weekdayOfYear: (day: Day): string => withWeekday(parts(day).shortWeekday, shortDayOfYear(day)),
    /** `August` */
    monthName: (day: Day): string => parts(day).month,
    /** `22 Aug 2021, 05:00 UTC`; with a weekday, `Sun 22 Aug 2021, 05:00 UTC`; with seconds, `22 Aug 2021, 05:00:09 UTC`. */
    moment: (
      at: Date,
      {
        timeZone = 'UTC',
        weekday = false,
        seconds = false,
      }: {
        /** An IANA time zone. */
        readonly timeZone?: string;
        readonly weekday?: boolean;
        readonly seconds?: boolean;
      } = {},
    ): string => {
      const instant = Temporal.Instant.fromEpochMilliseconds(at.getTime());
      const day = instant.toZonedDateTimeISO(timeZone).toPlainDate().toString();
      const date = weekday ? withWeekday(parts(day).shortWeekday, shortDay(day)) : shortDay(day);
      return text('dates.moment', { date, time: clockIn(timeZone, seconds).format(at) });
    },
    /** `05:00:09 UTC`. The script of the web pages writes times in the same way. */
    clock: (at: Date): string => clockIn('UTC', true).format(at),
    /** `Aug 2021` */
    shortMonthOfYear: (day: Day): string => write('dates.month', day, 'short'),
    /** `Wednesday 25 August 2021` */
    weekday: (day: Day): string => withWeekday(parts(day).weekday, longDay(day)),
    /** `Europe/London` as `London`, or in a language that is not written in Latin letters, its own name of the time. */
    timeZone: (name: string): string => {
      // The names of zones are in Latin letters.
      if (new Intl.Locale(tag).maximize().script === 'Latn')
        return name.split('/').at(-1)?.replaceAll('_', ' ') ?? name;
      const format = new Intl.DateTimeFormat(tag, { timeZone: name, timeZoneName: 'shortGeneric' });
      return format.formatToParts(fixed).find(({ type }) => type === 'timeZoneName')?.value ?? name;
    },
    /** `19–25 August 2021`, `28 July – 3 August 2021`, or whole months if the span begins and ends with one. */
    daySpan: (start: Day, end: Day): string => {
      const [first, last] = [Temporal.PlainDate.from(start), Temporal.PlainDate.from(end)];
      const isOneMonth = first.toPlainYearMonth().equals(last.toPlainYearMonth());
      if (first.equals(last)) return longDay(start);
      if (first.day === 1 && last.day === last.daysInMonth)
        return isOneMonth ? month(start) : text('dates.months', { first: month(start), last: month(end) });
      if (isOneMonth) {
        const of = parts(end);
        return text('dates.days_of_month', { ...of, first: parts(start).day, last: of.day });
      }
      const from = first.year === last.year ? write('dates.day_of_year', start) : longDay(start);
      return text('dates.days', { first: from, last: longDay(end) });
    },
    /** `spring 2019`, `winter 2019–20` */
    season: (day: Day): string => {
      const { month: number, year } = Temporal.PlainDate.from(day);
      const season = seasons[Math.floor((number % 12) / 3)] ?? '';
      if (season !== 'winter') return text('dates.season', { season, year: digits.format(year) });
      const before = number === 12 ? year : year - 1;
      const next = two.format((before + 1) % 100);
      return text('dates.winter', { year: digits.format(before), next });
    },
  };
}

/** The generic name of a zone is asked for at a moment, so that it is the same whenever a brief is generated. */
const fixed = Date.UTC(2024, 0);
const hours = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' } as const;
const second = { second: '2-digit' } as const;

/** An edition prints the same days many times. */
function remembering(format: (day: Day) => string): (day: Day) => string {
  const known = new Map<Day, string>();
  return (day) => {
    const text = known.get(day) ?? format(day);
    known.set(day, text);
    return text;
  };
}
