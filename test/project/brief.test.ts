import { describe, expect, test } from 'vitest';
import { briefConfig, briefTopics, isOnTopic } from '../../src/project/brief.ts';
import { minimalConfig } from '../support/brief-of.ts';

/** The fields that are refused, each with why. */
const refused = (changes: object): string[] =>
  briefConfig
    .safeParse({ ...minimalConfig, ...changes })
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

test('the least that a brief says is enough', () => {
  expect(refused({})).toEqual([]);
  expect(briefConfig.parse(minimalConfig)).toMatchObject({
    paper: 'A4',
    queries: {},
    charts: {},
    findings: {},
  });
});

const schedule = (cron: string, timezone = 'Europe/London') => ({ schedule: { cron, timezone } });

test.each(['0 6 * * MON', '30 5 1 * *', '0 0 29 2 *', '@weekly'])('the schedule "%s" comes due', (cron) => {
  expect(refused(schedule(cron))).toEqual([]);
});

test.each(['0 0 30 2 *', '0 0 31 4,6,9,11 *', '61 * * * *', 'every Monday', '', '0 6 * * MOO'])(
  'the schedule "%s" is refused',
  (cron) => {
    expect(refused(schedule(cron))).toEqual([
      'schedule.cron: is not a cron pattern that ever comes due, such as "0 6 * * MON"',
    ]);
  },
);

test.each(['Europe/Lundon', '', 'Kabul'])('the time zone "%s" is refused', (timezone) => {
  expect(refused(schedule('0 6 * * MON', timezone))).toEqual([
    'schedule.timezone: is not an IANA time zone such as Europe/London',
  ]);
});

test.each(['P7D', 'P1W', 'P1D', 'P2W3D', 'P1M', 'P3M'])(
  'the period %s is one of days, weeks or months',
  (period) => {
    expect(refused({ period })).toEqual([]);
  },
);

test.each(['P1M7D', 'P1W1M', 'P0M', 'P0D', '-P7D', 'PT24H', 'P1DT1H', '7 days', 'P1Y'])(
  'the period "%s" is refused',
  (period) => {
    expect(refused({ period })).toEqual([
      'period: is not an ISO 8601 length in days or weeks such as P7D, or in months such as P1M',
    ]);
  },
);

test.each([
  [{ topic: undefined }, 'all'],
  [{ topic: 'all' }, 'all'],
  [{ topic: 'floods' }, ['floods']],
  [{ topic: undefined, topics: 'all' }, 'all'],
  [{ topic: undefined, topics: ['floods', 'fires'] }, ['floods', 'fires']],
])('the topics of %j', (changes, topics) => {
  const config = briefConfig.parse({ ...minimalConfig, ...changes });
  expect(briefTopics(config)).toEqual(topics);
  expect([isOnTopic(config, 'floods'), isOnTopic(config, 'other')]).toEqual([true, topics === 'all']);
});

test('topics are given once, and name something', () => {
  expect(refused({ topics: ['isis'] })).toEqual(['topic: says the same as "topics": keep one of the two']);
  expect(refused({ topic: undefined, topics: [] })).not.toEqual([]);
});

test('how late a slot may be is given in days or weeks', () => {
  const withLateness = (maxLateness: string) => ({ schedule: { ...minimalConfig.schedule, maxLateness } });
  expect(refused(withLateness('P60D'))).toEqual([]);
  expect(refused(withLateness('P1M'))).toEqual([
    'schedule.maxLateness: is not an ISO 8601 length in days or weeks such as P7D',
  ]);
});

const chart = { spec: 'a.vl.json', data: { a: 'a' }, rows: 'a', captions: ['T-1'], title: 'A', alt: 'A' };
test('a chart may leave rows out, or draw several as one, with its reason', () => {
  const leavesOut = { rows: { role: 'sensitivity' }, reason: 'They stand in a table.' };
  const aggregated = { sets: ['a'], reason: 'A cell is a day.' };
  expect(refused({ charts: { x: { ...chart, leavesOut, aggregated } } })).toEqual([]);
});

describe('what a brief may not say', () => {
  test.each([
    ['marking', { marking: 'TLP:WHITE' }],
    ['marking', { marking: 'tlp:clear' }],
    ['topic', { topic: '' }],
    ['paper', { paper: 'A3' }],
    ['title', { title: ' ' }],
    ['golden', { golden: [] }],
    ['golden.0.asOf', { golden: [{ asOf: '2021-02-30' }] }],
    ['limits.pages', { limits: { ...minimalConfig.limits, pages: 0 } }],
    ['findings.x.kind', { findings: { x: { kind: 'trend', rows: 'a' } } }],
    ['findings.x.level', { findings: { x: { ...rateChange, level: 95 } } }],
    ['charts.x.leavesOut.reason', { charts: { x: { ...chart, leavesOut: { rows: { role: 'a' } } } } }],
    ['charts.x.leavesOut.reason', { charts: { x: { ...chart, leavesOut: { rows: {}, reason: ' ' } } } }],
    ['charts.x.aggregated.reason', { charts: { x: { ...chart, aggregated: { sets: ['a'] } } } }],
    ['charts.x.aggregated.sets', { charts: { x: { ...chart, aggregated: { sets: [], reason: 'a' } } } }],
    ['findings.x.breakEven.1', { findings: { x: { ...rateChange, breakEven: [0.05, 1] } } }],
  ])('%s', (field, changes) => {
    expect(refused(changes)).toEqual([expect.stringMatching(new RegExp(`^${field}: `))]);
  });

  test('a key that does not exist', () => {
    expect(refused({ titel: 'Test' })).toEqual([': Unrecognized key: "titel"']);
  });

  test.each([
    '../weekly/isis.sql',
    '/etc/passwd',
    '_shared/../../x.sql',
    'a..b/../c.sql',
    'C:\\x.sql',
    '.hidden.sql',
  ])('a query from "%s"', (file) => {
    expect(refused({ queries: { it: file } })).toEqual([
      'queries.it: is not the name of a file in this folder or in _shared/',
    ]);
  });
});

describe('parameters', () => {
  const parameters = { actor: { type: 'string' }, year: { type: 'integer', optional: true } };
  const golden = [{ asOf: '2021-08-25', parameters: { actor: 'A-isis', year: 2021 } }];

  test('of all types, required and optional, with and without forEach', () => {
    expect(refused({ parameters, golden })).toEqual([]);
    expect(refused({ parameters, forEach: 'editions' })).toEqual([]);
    expect(refused({ parameters: { actor: { type: 'string', idOf: 'actors' } }, forEach: 'a' })).toEqual([]);
  });

  test.each<[string, object]>([
    ['parameters.as_of: has the name of what every query sees', { parameters: { as_of: { type: 'date' } } }],
    ['parameters.topic: has the name of what', { parameters: { topic: { type: 'string', optional: true } } }],
    ['parameters.A-b: is not a name of', { parameters: { 'A-b': { type: 'string', optional: true } } }],
    ['parameters.x.type: ', { parameters: { x: { type: 'number' } } }],
    ['parameters.x.idOf: belongs to', { parameters: { x: { type: 'integer', idOf: 'actors' } } }],
    ['forEach: gives parameters, and none are declared', { forEach: 'editions' }],
    ['golden.0.parameters.actor: A required value is not given', { parameters }],
    [
      'golden.0.parameters.x: There is no parameter "x"',
      { golden: [{ asOf: '2021-08-25', parameters: { x: 1 } }] },
    ],
    [
      'golden.0.parameters.year: The value is "soon", which is not a whole number',
      { parameters, golden: [{ asOf: '2021-08-25', parameters: { actor: 'A-isis', year: 'soon' } }] },
    ],
    [
      'deliver.0.only.actr: There is no parameter "actr"',
      { parameters, golden, deliver: [{ folder: 'a', only: { actr: 'A-isis' } }] },
    ],
    [
      'deliver.0.only.year: matches no edition: write "2021"',
      { parameters, golden, deliver: [{ folder: 'a', only: { year: '02021' } }] },
    ],
  ])('%s', (told, changes) => {
    const found = refused(changes);
    expect(found).toContainEqual(expect.stringContaining(told));
    // A required parameter that is declared wrongly is missing at the golden date too.
    expect(found.filter((each) => !each.startsWith('golden.0.parameters'))).toHaveLength(
      told.startsWith('golden') ? 0 : 1,
    );
  });

  test('a mailbox may be a target only once, however it is spelt', () => {
    const [ana, shouted] = [{ email: 'ana@example.org' }, { email: 'Ana@Example.org' }];
    expect(refused({ deliver: [ana, shouted] })).toEqual([
      expect.stringContaining('deliver.1.email: is a target already, for the same editions'),
    ]);
    const one = (actor: string) => ({ ...ana, only: { actor } });
    expect(refused({ parameters, golden, deliver: [one('A-isis'), one('A-aq')] })).toEqual([]);
  });
});

const rateChange = {
  kind: 'rate-change',
  rows: 'readings',
  level: 0.95,
  clustering: [1, 0.5],
  breakEven: [0.05, 0.2],
};
