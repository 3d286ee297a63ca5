import { expect, test } from 'vitest';
import type { RowOf } from '../../src/dataset/schema.ts';
import {
  boundedValue,
  eventDate,
  fixedOutward,
  percentAtMost,
  roundOutward,
  spelled,
  withDecimals,
} from '../../src/dataset/wording.ts';
import { british } from '../support/brief-of.ts';

const { daySpan, longDay, shortDay, weekday } = british;

test.each<[RowOf<'events'>['precision'], string | null, string | null, string]>([
  ['day', '2021-08-15', null, '15 August 2021'],
  ['day', '2021-08-15', '2021-08-15', '15 August 2021'],
  ['month', '2019-05-01', '2019-05-31', 'May 2019'],
  ['month', '2020-10-01', null, 'October 2020'],
  ['season', '2019-03-01', '2019-05-31', 'spring 2019'],
  ['season', '2019-06-01', '2019-08-31', 'summer 2019'],
  ['season', '2019-09-01', '2019-11-30', 'autumn 2019'],
  ['season', '2019-12-01', '2020-02-29', 'winter 2019–20'],
  ['season', '2020-01-01', '2020-02-29', 'winter 2019–20'],
  ['range', '2019-01-01', '2020-03-31', 'January 2019 to March 2020'],
  ['range', '2021-08-19', '2021-08-25', '19–25 August 2021'],
  ['undated', null, null, 'undated'],
])('the date of an event: %s %s %s', (precision, date_start, date_end, phrase) => {
  expect(eventDate({ ...event, precision, date_start, date_end }, british)).toBe(phrase);
});

test.each([
  ['2021-08-19', '2021-08-25', '19–25 August 2021'],
  ['2021-07-28', '2021-08-03', '28 July – 3 August 2021'],
  ['2020-12-28', '2021-01-03', '28 December 2020 – 3 January 2021'],
  ['2021-08-25', '2021-08-25', '25 August 2021'],
  ['2021-08-01', '2021-08-31', 'August 2021'],
  ['2021-08-01', '2021-08-30', '1–30 August 2021'],
  ['2020-02-01', '2020-02-29', 'February 2020'],
  ['2021-02-01', '2021-03-31', 'February 2021 to March 2021'],
])('the span from %s to %s', (start, end, phrase) => {
  expect(daySpan(start, end)).toBe(phrase);
});

test('days are British, and their months have three letters where they are short', () => {
  expect(longDay('2021-09-06')).toBe('6 September 2021');
  expect(shortDay('2021-09-06')).toBe('6 Sep 2021');
  expect(weekday('2021-08-25')).toBe('Wednesday 25 August 2021');
});

test.each([
  ['>=', 45, '%', 'at least 45 per cent'],
  ['>=', 105, 'operations', 'at least 105'],
  ['=', 6, 'attacks', 'six'],
  ['=', 6, '%', '6 per cent'],
  ['~', 6, 'meetings', 'about 6'],
  ['=', 1234, 'claims', '1,234'],
] as const)('a figure keeps its bound: %s %d %s', (bound, value, unit, phrase) => {
  expect(boundedValue({ bound, value, unit }, british)).toBe(phrase);
});

test('numbers up to ten are words, and a fraction is not', () => {
  expect([0, 1, 10, 11, 2.5, 1000].map((value) => spelled(value, british))).toEqual([
    'no',
    'one',
    'ten',
    '11',
    '2.5',
    '1,000',
  ]);
});

test.each([
  [0.990566, 2, 'down', 0.99],
  [0.990566, 2, 'up', 1],
  [8.915094, 2, 'down', 8.9],
  [0.421133, 2, 'up', 0.43],
  [0.00013434, 2, 'up', 0.00014],
  [0.42, 2, 'up', 0.42],
  [10, 2, 'down', 10],
  [0.1 + 0.2, 1, 'up', 0.3],
  [0, 2, 'up', 0],
] as const)('%d with %d digits %s', (value, digits, direction, rounded) => {
  expect(roundOutward(value, digits, direction)).toBe(rounded);
});

test.each([
  [0.0283, 2, 'down', '0.02'],
  [0.0435, 2, 'up', '0.05'],
  [1, 2, 'down', '1.00'],
  [0.43, 2, 'up', '0.43'],
  [9.99, 1, 'up', '10.0'],
  [0.001, 1, 'down', '0.0'],
] as const)('%d with %d decimals %s', (value, decimals, direction, rounded) => {
  expect(withDecimals(fixedOutward(value, decimals, direction), decimals, british)).toBe(rounded);
});

test.each([
  [1.343457e-4, '0.014 per cent'],
  [4.539993e-5, '0.0046 per cent'],
  [0.1076604, '11 per cent'],
  [0.0489518, '4.9 per cent'],
  [0.02, '2.0 per cent'],
  [0.999, '100 per cent'],
  [1, '100 per cent'],
])('the probability %d is at most so many per cent', (probability, phrase) => {
  expect(`${percentAtMost(probability, british)} per cent`).toBe(phrase);
});

const event: RowOf<'events'> = {
  id: 'E1',
  known_on: '2021-08-25',
  status: 'current',
  marking: null,
  topic: 'isis',
  precision: 'day',
  date_start: null,
  date_end: null,
  date_basis: null,
  actors: [],
  targets: [],
  place: null,
  part_of: null,
  title: 'An event',
  summary: 'It happened',
  claim_status: 'claimed',
  speech_act: null,
  source: 'S1',
  credibility: null,
  basis: 'article',
  caveat: null,
};
