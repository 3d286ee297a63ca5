import { expect, test } from 'vitest';
import { periodEnding } from '../../src/calendar.ts';
import { noTables } from '../../src/dataset/schema.ts';
import { noSettings } from '../../src/dataset/settings.ts';
import { compose } from '../../src/render/compose.ts';
import { briefOf } from '../support/brief-of.ts';

/** What a template prints, for a brief in a time zone, as of a day. */
const printed = (template: string, asOf: string, timezone: string, config: object = {}) => {
  const brief = briefOf({ template, schedule: { cron: '0 6 * * MON', timezone }, ...config });
  return compose({
    brief,
    period: periodEnding(asOf, 'P7D'),
    paper: 'A4',
    title: 'Test',
    parameters: {},
    applied: [],
    known: noTables,
    tables: noTables,
    settings: noSettings,
    sets: {},
    findings: {},
    figures: {},
    changes: [],
    judgmentChanges: [],
    correction: null,
    evidenceSets: [],
    incidents: { imports: [], reconstructedFrom: null },
    fontFaces: '',
  }).html;
};

// The last minute before the midnight that ends the day: 22:59 Z under British summer time, 23:59 Z without it.
test.each([
  ['2021-08-25', 'Europe/London', '252259Z AUG 2021'],
  ['2021-01-25', 'Europe/London', '252359Z JAN 2021'],
  ['2021-03-27', 'Europe/London', '272359Z MAR 2021'],
  ['2021-03-28', 'Europe/London', '282259Z MAR 2021'],
  ['2021-10-31', 'Europe/London', '312359Z OCT 2021'],
  ['2020-12-31', 'America/New_York', '010459Z JAN 2021'],
  ['2021-09-05', 'Asia/Kabul', '051929Z SEP 2021'],
])('the date-time group as of %s in %s is %s', (asOf, timezone, group) => {
  expect(printed('{{issue.dtg}}', asOf, timezone)).toBe(group);
});

test('issue, period and the issue before it', () => {
  const template =
    '{{issue.number}} | {{issue.period}} | {{issue.days}} | {{issue.weekday}} | {{issue.previous}}';
  expect(printed(template, '2021-01-03', 'UTC')).toBe(
    '2020-W53 | 28 December 2020 – 3 January 2021 | 7 | Sunday 3 January 2021 | 27 December 2020',
  );
});

test('a finding that could not be computed is named with the reason', () => {
  const findings = { seen: { kind: 'count', rows: 'reports' } };
  expect(() => printed('{{figure "seen" "count"}}', '2021-01-03', 'UTC', { findings })).toThrow(
    'The finding "seen" was not computed: its query "reports" gives no row.',
  );
  expect(
    printed('{{#if findings.seen}}{{figure "seen" "count"}}{{/if}}', '2021-01-03', 'UTC', { findings }),
  ).toBe('');
});
