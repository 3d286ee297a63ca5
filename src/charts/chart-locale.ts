import type { Locale } from '../locale.ts';

/** How numbers and days read on axes and in labels: definitions for d3-format and d3-time-format. */
export type ChartLocale = ReturnType<typeof chartLocale>;

export function chartLocale(locale: Locale) {
  const parts = new Intl.NumberFormat(locale.intlTag).formatToParts(12345.6);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
  // What d3 puts in place of `%x`.
  const date = locale.text('dates.day', { day: '%-d', month: '%B', year: '%Y' });
  return {
    number: {
      decimal: part('decimal'),
      thousands: part('group'),
      grouping: [3],
      currency: ['', ''],
      minus: '\u2212',
      numerals: Array.from({ length: 10 }, (_, digit) => locale.number(digit)),
    },
    // Specs name the parts of a day; nothing prints a time of day.
    time: {
      ...locale.names,
      dateTime: locale.text('dates.moment', { date, time: '%H:%M' }),
      date,
      time: '%H:%M',
      periods: ['AM', 'PM'],
    },
  };
}
