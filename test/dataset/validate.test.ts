import { describe, expect, test } from 'vitest';
import { add, type Case, clear, faultsAfter, one, set, swap, testFaults } from '../support/dataset.ts';

const keys: Case[] = [
  one(
    'the same key twice',
    ['events.csv', 4, 'known_on', /"E1" has another row known on 2021-01-05/],
    add('events', 2, {}),
  ),
  one('one id in two tables', ['gaps.csv', 3, 'id', /"E1" is also in events/], add('gaps', 2, { id: 'E1' })),
  one(
    'a withdrawal of nothing',
    ['gaps.csv', 3, 'status', /the first row of "G2" withdraws it/],
    add('gaps', 2, { id: 'G2', status: 'withdrawn' }),
  ),
];

const references: Case[] = [
  one(
    'a source that does not exist',
    ['events.csv', 2, 'source', /there is no "S9" in sources/],
    set('events', 2, 'source', 'S9'),
  ),
  one(
    'an id from another table',
    ['events.csv', 2, 'source', /"A1" is in actors, not in sources/],
    set('events', 2, 'source', 'A1'),
  ),
  one(
    'an unknown id in a list',
    ['events.csv', 3, 'actors', /there is no "A9" in actors/],
    set('events', 3, 'actors', 'A1;A9'),
  ),
  one(
    'an unknown carrier',
    ['sources.csv', 3, 'via', /there is no "S9" in sources/],
    set('sources', 3, 'via', 'S9'),
  ),
  one(
    'a row known before what it rests on',
    ['gaps.csv', 2, 'rests_on', /"E1" becomes known only on 2021-01-05, after this row \(2021-01-04\)/],
    set('gaps', 2, 'known_on', '2021-01-04'),
  ),
  one(
    'a row on what was withdrawn before',
    ['gaps.csv', 2, 'rests_on', /"E1" was withdrawn on 2021-01-08/],
    add('events', 2, { known_on: '2021-01-08', status: 'withdrawn' }),
    clear('readings'),
    swap('judgments.csv', 'M1;E1', 'M1'),
  ),
  one(
    'a source carried by itself',
    ['sources.csv', 2, 'via', /"S1" refers to itself through S2/],
    set('sources', 2, 'via', 'S2'),
  ),
  one(
    'measures nested in a circle',
    ['measures.csv', 3, 'within', /"M2" refers to itself through M3/],
    set('measures', 3, 'within', 'M3'),
  ),
  one(
    'a judgment that rests on itself',
    ['judgments.csv', 2, 'rests_on', /"J1" refers to itself/],
    set('judgments', 2, 'rests_on', 'M1;J1'),
  ),
];

const dates: Case[] = [
  one(
    'an event before it happened',
    ['events.csv', 2, 'date_start', /2021-01-06 is after the row became known/],
    set('events', 2, 'date_start', '2021-01-06'),
  ),
  one(
    'a range told before it ended',
    ['events.csv', 2, 'date_end', /2021-01-06 is after the row became known/],
    set('events', 2, 'precision', 'range'),
    set('events', 2, 'date_end', '2021-01-06'),
  ),
  one(
    'a window before it ended',
    ['measures.csv', 2, 'window_end', /2021-01-06 is after the row became known/],
    set('measures', 2, 'window_end', '2021-01-06'),
  ),
  one(
    'an observation before it was made',
    ['readings.csv', 2, 'observed_to', /2021-01-11 is after/],
    set('readings', 2, 'observed_to', '2021-01-11'),
  ),
  one(
    'a source before it was published',
    ['sources.csv', 3, 'published', /2021-01-06 is after/],
    set('sources', 3, 'published', '2021-01-06'),
  ),
  one(
    'an end before its start',
    ['events.csv', 2, 'date_end', /2021-01-02 is before date_start \(2021-01-05\)/],
    set('events', 2, 'precision', 'range'),
    set('events', 2, 'date_end', '2021-01-02'),
  ),
  one(
    'a date of the undated',
    ['events.csv', 3, 'date_start', /an undated event has a date/],
    set('events', 3, 'date_start', '2021-01-05'),
  ),
  one(
    'an end of the undated',
    ['events.csv', 3, 'date_end', /an undated event has a date/],
    set('events', 3, 'date_end', '2021-01-05'),
  ),
  one(
    'a day without a date',
    ['events.csv', 2, 'date_start', /is empty, with precision "day"/],
    set('events', 2, 'date_start', ''),
    swap('events.csv', ' on {E1.date}', ''),
  ),
  one(
    'a day of two days',
    ['events.csv', 3, 'date_end', /another day than date_start/],
    set('events', 3, 'precision', 'day'),
    set('events', 3, 'date_start', '2021-01-05'),
    set('events', 3, 'date_end', '2021-01-06'),
  ),
  one(
    'a month of two months',
    ['events.csv', 2, 'date_end', /in another month/],
    set('events', 2, 'precision', 'month'),
    set('events', 2, 'date_start', '2020-12-05'),
    set('events', 2, 'date_end', '2021-01-04'),
  ),
  one(
    'a season without an end',
    ['events.csv', 2, 'date_end', /is empty, with precision "season"/],
    set('events', 2, 'precision', 'season'),
  ),
  one(
    'a range without an end',
    ['events.csv', 2, 'date_end', /is empty, with precision "range"/],
    set('events', 2, 'precision', 'range'),
  ),
  one(
    'a window that ends before it starts',
    ['measures.csv', 2, 'window_end', /2020-12-31 is before window_start/],
    set('measures', 2, 'window_end', '2020-12-31'),
  ),
  one(
    'coverage that ends before it starts',
    ['coverage.csv', 2, 'end', /2020-12-31 is before start/],
    set('coverage', 2, 'end', '2020-12-31'),
  ),
];

const bounds: Case[] = [
  one(
    'less than nothing',
    ['measures.csv', 2, 'value', /-12 is negative/],
    set('measures', 2, 'value', '-12'),
  ),
  one(
    'more than the whole',
    ['measures.csv', 3, 'value', /140 % is more than 100 per cent/],
    set('measures', 3, 'value', '140'),
  ),
  one(
    'a part larger than the whole it nests in',
    ['measures.csv', 4, 'value', /41 is more than the 40 of "M2"/],
    set('measures', 4, 'value', '41'),
  ),
  one(
    'a gap between baseline and quiet',
    ['readings.csv', 2, 'quiet_start', /2021-01-07 is not the day after baseline_end/],
    set('readings', 2, 'quiet_start', '2021-01-07'),
  ),
  one(
    'baseline and quiet that overlap',
    ['readings.csv', 2, 'quiet_start', /2021-01-05 is not the day after/],
    set('readings', 2, 'quiet_start', '2021-01-05'),
  ),
  one(
    'a silence of no days',
    ['readings.csv', 2, 'observed_to', /2021-01-05 is before quiet_start/],
    set('readings', 2, 'observed_to', '2021-01-05'),
  ),
  one(
    'a reading of about a number',
    ['readings.csv', 2, 'measure', /"M1" has an approximate value/],
    set('measures', 2, 'bound', '~'),
  ),
  one(
    'a reading of a measure without a start',
    ['readings.csv', 2, 'measure', /"M1" has no window_start/],
    set('measures', 2, 'window_start', ''),
  ),
  one(
    'a baseline of no days',
    ['readings.csv', 2, 'baseline_end', /2020-12-30 is before "M1" starts counting/],
    set('readings', 2, 'baseline_end', '2020-12-30'),
    set('readings', 2, 'quiet_start', '2020-12-31'),
  ),
  one(
    'confidence without a basis',
    ['judgments.csv', 2, 'confidence_basis', /is empty, although a confidence is given/],
    set('judgments', 2, 'confidence_basis', ''),
  ),
  one(
    'a key judgment without confidence',
    ['judgments.csv', 2, 'confidence', /a key judgment needs one/],
    set('judgments', 2, 'confidence', ''),
    set('judgments', 2, 'confidence_basis', ''),
  ),
];

const texts: Case[] = [
  one(
    'a likelihood that the text does not say',
    ['judgments.csv', 2, 'likelihood', /is "very unlikely", which is not in the text/],
    set('judgments', 2, 'likelihood', 'very unlikely'),
  ),
  one(
    'a placeholder of an unknown row',
    ['gaps.csv', 2, 'text', /there is no "F99"/],
    set('gaps', 2, 'text', 'After {F99.value} claims'),
  ),
  one(
    'a placeholder of an unknown field',
    ['gaps.csv', 2, 'text', /\{M1.valeu\}: "M1" in measures .* has no figure "valeu"/],
    set('gaps', 2, 'text', 'After {M1.valeu} claims'),
  ),
  one(
    'a placeholder of an empty field',
    ['gaps.csv', 2, 'text', /\{E2.start\}: "E2" in events .* has no figure "start"/],
    set('gaps', 2, 'text', 'Since {E2.start}'),
  ),
  one(
    'a lower bound used as a count',
    ['gaps.csv', 2, 'text', /has no figure "count"/],
    set('gaps', 2, 'text', 'After {M1.count} claims'),
  ),
  one(
    'a brace that is no placeholder',
    ['gaps.csv', 2, 'text', /a brace/],
    set('gaps', 2, 'text', 'After {M1 value} claims'),
  ),
  one('a lone brace', ['gaps.csv', 2, 'text', /a brace/], set('gaps', 2, 'text', 'Where } it went')),
];

describe.each(Object.entries({ keys, references, dates, bounds, texts }))('%s', testFaults);

test.each([
  ['figures in texts', [set('events', 2, 'title', 'Three attacks with 12 dead')]],
  ['a day with its own end', [set('events', 2, 'date_end', '2021-01-05')]],
  [
    'a month told before it is over',
    [set('events', 2, 'precision', 'month'), set('events', 2, 'date_end', '2021-01-31')],
  ],
  [
    'a larger number of another unit inside',
    [set('measures', 4, 'value', '41'), set('measures', 4, 'unit', 'claims')],
  ],
  ['a larger lower bound inside', [set('measures', 4, 'value', '41'), set('measures', 4, 'bound', '>=')]],
  ['coverage that overlaps', [add('coverage', 2, { id: 'C2', start: '2021-01-15', end: '2021-02-15' })]],
  [
    'figures in the texts of facts, which are quoted as they came',
    [
      set('events', 2, 'title', '3 attacks'),
      set('events', 2, 'summary', 'At least 12 died in two {sic} attacks in 2021'),
      set('events', 2, 'caveat', 'half of it'),
      set('measures', 2, 'summary', 'It claimed 12'),
      set('sources', 2, 'descriptor', 'A study of 40 pages'),
    ],
  ],
  [
    'a withdrawal of all at once',
    [
      add('events', 3, { known_on: '2021-01-12', status: 'withdrawn' }),
      add('judgments', 3, { known_on: '2021-01-12', status: 'withdrawn' }),
    ],
  ],
  [
    'nesting turned round by a revision',
    [
      add('measures', 3, { known_on: '2021-01-12', value: '20', within: 'M3' }),
      add('measures', 4, { known_on: '2021-01-12', within: '' }),
    ],
  ],
])('no fault: %s', async (_, edits) => {
  expect(await faultsAfter(...edits)).toEqual([]);
});
