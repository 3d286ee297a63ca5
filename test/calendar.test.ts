import { expect, test } from 'vitest';
import { cutOff, day, dayAfter, daysBetween, issueNumber, periodEnding, today } from '../src/calendar.ts';

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
])('the period that ends on %s and lasts %s', (asOf, length, period) => {
  expect(periodEnding(asOf, length)).toEqual({ asOf, ...period });
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
