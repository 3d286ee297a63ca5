import { expect, test } from 'vitest';
import {
  cutOff,
  type Day,
  day,
  dayAfter,
  daysBetween,
  issueNumber,
  periodEnding,
  resolveDay,
  today,
} from '../src/calendar.ts';

test.each([
  ['2021-08-22', '2021-W33'],
  ['2021-08-25', '2021-W34-3'],
  // The year of a week is that of its Thursday.
  ['2020-12-31', '2020-W53-4'],
  ['2021-01-01', '2020-W53-5'],
  ['2021-01-03', '2020-W53'],
  ['2021-01-04', '2021-W01-1'],
  ['2019-12-29', '2019-W52'],
  ['2019-12-30', '2020-W01-1'],
  ['2022-01-02', '2021-W52'],
])('the issue as of %s is %s', (asOf, number) => {
  expect(issueNumber(asOf)).toBe(number);
});

test.each([
  ['2021-08-25', 'Europe/London', '2021-08-25T23:00:00Z'],
  ['2021-01-25', 'Europe/London', '2021-01-26T00:00:00Z'],
  // The day that summer time begins is 23 hours long, the day that it ends 25.
  ['2021-03-27', 'Europe/London', '2021-03-28T00:00:00Z'],
  ['2021-03-28', 'Europe/London', '2021-03-28T23:00:00Z'],
  ['2021-10-30', 'Europe/London', '2021-10-30T23:00:00Z'],
  ['2021-10-31', 'Europe/London', '2021-11-01T00:00:00Z'],
  // In São Paulo summer time began at midnight: 4 November 2018 had no 00:00.
  ['2018-11-03', 'America/Sao_Paulo', '2018-11-04T03:00:00Z'],
  ['2021-08-25', 'Asia/Kabul', '2021-08-25T19:30:00Z'],
  ['2021-08-25', 'UTC', '2021-08-26T00:00:00Z'],
])('what is known as of %s in %s stops at %s', (asOf, timezone, instant) => {
  expect(cutOff(asOf, timezone).toInstant().toString()).toBe(instant);
});

test.each([
  ['2021-08-25', 'P7D', { start: '2021-08-19', previousAsOf: '2021-08-18' }],
  ['2021-08-25', 'P1W', { start: '2021-08-19', previousAsOf: '2021-08-18' }],
  ['2021-01-03', 'P7D', { start: '2020-12-28', previousAsOf: '2020-12-27' }],
  ['2020-03-01', 'P1D', { start: '2020-03-01', previousAsOf: '2020-02-29' }],
  ['2021-08-31', 'P1M', { start: '2021-08-01', previousAsOf: '2021-07-31' }],
  ['2021-02-28', 'P1M', { start: '2021-02-01', previousAsOf: '2021-01-31' }],
  ['2020-02-29', 'P1M', { start: '2020-02-01', previousAsOf: '2020-01-31' }],
  ['2020-02-28', 'P1M', { start: '2020-01-29', previousAsOf: '2020-01-28' }],
  ['2021-08-15', 'P1M', { start: '2021-07-16', previousAsOf: '2021-07-15' }],
  ['2021-03-30', 'P1M', { start: '2021-03-01', previousAsOf: '2021-02-28' }],
  ['2021-06-30', 'P3M', { start: '2021-04-01', previousAsOf: '2021-03-31' }],
  ['2021-05-15', 'P3M', { start: '2021-02-16', previousAsOf: '2021-02-15' }],
  ['2021-12-31', 'P12M', { start: '2021-01-01', previousAsOf: '2020-12-31' }],
])('the period that ends on %s and lasts %s', (asOf, length, period) => {
  expect(periodEnding(asOf, length)).toEqual({ asOf, ...period });
});

test('periods in months follow one another without a gap, by the last day of a month or by one of its first 28', () => {
  const lastOf = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();
  const dayOf = (year: number, month: number, wanted: number | 'last'): Day => {
    const number = wanted === 'last' ? lastOf(year, month) : wanted;
    return `${year}-${String(month).padStart(2, '0')}-${String(number).padStart(2, '0')}`;
  };
  const wrong: string[] = [];
  // 1900 was no leap year, 2000 was one.
  for (const first of [1895, 1995, 2019]) {
    for (const months of [1, 2, 3, 6, 12]) {
      for (const wanted of ['last', 1, 15, 27, 28] as const) {
        for (let count = 0; count < 120; count += 1) {
          const [year, month] = [first + Math.floor(count / 12), 1 + (count % 12)];
          // On 28 February the 28th is the last day, too.
          if (wanted === 28 && lastOf(year, month) === 28) continue;
          const before = count + 12 - months;
          const [yearBefore, monthBefore] = [first - 1 + Math.floor(before / 12), 1 + (before % 12)];
          const asOf = dayOf(year, month, wanted);
          const period = periodEnding(asOf, `P${months}M`);
          const previousAsOf = dayOf(yearBefore, monthBefore, wanted);
          if (period.previousAsOf !== previousAsOf || period.start !== dayAfter(previousAsOf))
            wrong.push(`${asOf} P${months}M: ${JSON.stringify(period)}`);
          if (wanted === 'last' && months === 1 && daysBetween(period.start, asOf) !== lastOf(year, month))
            wrong.push(`${asOf} is not its calendar month`);
        }
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('a period in months never begins after its end, nor later for a later end', () => {
  for (const months of [1, 3]) {
    let before = '0000-00-00';
    for (let asOf = '2019-01-01'; asOf < '2025-01-01'; asOf = dayAfter(asOf)) {
      const { start, previousAsOf } = periodEnding(asOf, `P${months}M`);
      expect(dayAfter(previousAsOf)).toBe(start);
      const days = daysBetween(start, asOf);
      expect(days).toBeGreaterThanOrEqual(months === 1 ? 28 : 89);
      expect(days).toBeLessThanOrEqual(months === 1 ? 31 : 92);
      expect(start >= before).toBe(true);
      before = start;
    }
  }
});

test.each([
  // Wednesday 25 August 2021; in Kabul it is Thursday already.
  ['yesterday', '2021-08-25T21:00:00Z', 'Europe/London', '2021-08-24'],
  ['yesterday', '2021-08-25T21:00:00Z', 'Asia/Kabul', '2021-08-25'],
  ['last-sunday', '2021-08-25T21:00:00Z', 'Europe/London', '2021-08-22'],
  // A Sunday is not over while it is today.
  ['last-sunday', '2021-08-22T12:00:00Z', 'UTC', '2021-08-15'],
  ['last-sunday', '2021-08-22T22:00:00Z', 'Asia/Kabul', '2021-08-22'],
  ['yesterday', '2021-03-01T00:30:00Z', 'Europe/London', '2021-02-28'],
  ['2021-08-01', '2021-08-25T21:00:00Z', 'UTC', '2021-08-01'],
])('%s at %s in %s is %s', (name, now, timezone, wanted) => {
  expect(resolveDay(name, { timezone, now: new Date(now) })).toBe(wanted);
});

test('days are counted with both ends, over months, leap days and changes of clock', () => {
  expect(daysBetween('2021-05-01', '2021-08-14')).toBe(106);
  expect(daysBetween('2021-08-15', '2021-08-23')).toBe(9);
  expect(daysBetween('2020-02-28', '2020-03-01')).toBe(3);
  expect(daysBetween('2021-03-27', '2021-03-29')).toBe(3);
  expect(daysBetween('2021-08-14', '2021-08-13')).toBe(0);
  expect(dayAfter('2020-02-28')).toBe('2020-02-29');
  expect(dayAfter('2021-12-31')).toBe('2022-01-01');
});

test('today is the day of the time zone, not of the machine', () => {
  const now = new Date('2021-08-25T21:00:00Z');
  expect(today(now, 'Europe/London')).toBe('2021-08-25');
  expect(today(now, 'Asia/Kabul')).toBe('2021-08-26');
  expect(today(now, 'Pacific/Pago_Pago')).toBe('2021-08-25');
});

test.each(['2021-02-29', '2021-8-25', '25-08-2021', '2021-08-25T00:00:00Z', '', 'yesterday'])(
  '"%s" is not a day',
  (value) => {
    expect(day.safeParse(value).success).toBe(false);
  },
);
