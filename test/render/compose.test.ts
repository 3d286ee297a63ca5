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
    freshness: null,
    fontFaces: '',
  }).html;
};

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
