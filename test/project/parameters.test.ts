import { describe, expect, test } from 'vitest';
import { AppError, describeFault } from '../../src/errors.ts';
import {
  canonicalValue,
  describeParameters,
  hasValues,
  type ParameterConfig,
  requireParameters,
} from '../../src/project/parameters.ts';
import { briefOf } from '../support/brief-of.ts';

describe('the canonical form of a value', () => {
  test.each<[ParameterConfig['type'], unknown, string]>([
    ['integer', '007', '7'],
    ['integer', 7, '7'],
    ['integer', '-0', '0'],
    ['integer', '9223372036854775807', '9223372036854775807'],
    ['date', '2021-08-25', '2021-08-25'],
    ['string', ' Nangarhar ', 'Nangarhar'],
    ['string', 'Ka\u0304bul', 'K\u0101bul'],
    ['string', '2021-08-25', '2021-08-25'],
    ['string', '<b>', '<b>'],
  ])('%s %j is %s', (type, value, canonical) => {
    expect(canonicalValue(value, type)).toEqual({ value: canonical });
  });

  test.each<[ParameterConfig['type'], unknown, RegExp]>([
    ['integer', '9223372036854775808', /too large/],
    ['integer', '1.5', /not a whole number/],
    ['integer', 1.5, /not a whole number/],
    ['integer', 'seven', /is "seven", which is not a whole number/],
    ['integer', true, /not a whole number/],
    ['date', '2021-02-30', /not a calendar day/],
    ['date', '25 August 2021', /not a calendar day/],
    ['string', '', /is empty/],
    ['string', ' ', /is empty/],
    ['string', 5, /is 5, but must be a string/],
    ['string', ['a'], /but must be a string/],
    ['string', 'a\nb', /cannot be printed/],
    ['string', '\ud800', /cannot be printed/],
    ['string', 'x'.repeat(201), /longer than 200/],
  ])('%s %j is none', (type, value, problem) => {
    expect(canonicalValue(value, type)).toEqual({ problem: expect.stringMatching(problem) });
  });
});

const brief = briefOf({
  golden: [{ asOf: '2021-08-25', parameters: { day: '2021-08-25', year: 2021 } }],
  parameters: {
    year: { type: 'integer' },
    place: { type: 'string', optional: true },
    day: { type: 'date' },
  },
});
const faultsOf = (given: { readonly [name: string]: unknown }): string[] => {
  try {
    requireParameters(brief, given);
    return [];
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'parameter-invalid') throw error;
    return error.faults.map(describeFault);
  }
};

test('what is given is read into names in order; what is optional may be left out', () => {
  const read = requireParameters(brief, { year: '02021', place: null, day: '2021-08-25' });
  expect(read).toEqual({ day: '2021-08-25', year: '2021' });
  expect(Object.keys(read)).toEqual(['day', 'year']);
});

test('reports all faults at once, each with its file and field', () => {
  const file = 'templates/test/brief.yaml';
  expect(faultsOf({ year: 'next', colour: 'red', constructor: 'x' })).toEqual([
    `${file}, field parameters.colour: There is no parameter "colour". Name one of day, place, year.`,
    `${file}, field parameters.constructor: There is no parameter "constructor". Name one of day, place, year.`,
    `${file}, field parameters.day: A required value is not given. Give a date.`,
    `${file}, field parameters.year: The value is "next", which is not a whole number. Give an integer.`,
  ]);
});

test('an edition has the values that are wanted of it, or it has not', () => {
  const parameters = { actor: 'A-isis', year: '2021' };
  expect(hasValues(parameters, {})).toBe(true);
  expect(hasValues(parameters, { actor: 'A-isis' })).toBe(true);
  expect(hasValues(parameters, { actor: 'A-isis', year: '2020' })).toBe(false);
  expect(hasValues(parameters, { place: 'x' })).toBe(false);
  expect(hasValues({}, { constructor: 'x' })).toBe(false);
  expect(describeParameters(parameters)).toBe('actor=A-isis, year=2021');
});
