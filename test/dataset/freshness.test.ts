import { expect, test } from 'vitest';
import { freshnessOf, importsKnownBy } from '../../src/dataset/freshness.ts';
import { noSettings } from '../../src/dataset/settings.ts';
import { recordOf } from '../support/incident-store.ts';

const refresh = { before: 'slots', maxAgeDays: 2, whenStale: 'issue', sources: ['a', 'b'] } as const;
const check = (source: string, checkedOn: string) => ({ source, checkedOn, import: 1 });
/** As of Sunday, 29 November 2026, for the slot of Monday morning. */
const ask = (
  checks: ReturnType<typeof check>[],
  {
    timezone = 'UTC',
    checked,
    ...settings
  }: { timezone?: string; checked?: object; before?: undefined } = {},
) =>
  freshnessOf(
    {
      settings: { ...noSettings, refresh: { ...refresh, ...settings } },
      incidents: {
        folder: '',
        imports: [recordOf({ known_on: '2026-11-01', feed: 'a', source: 'Feed A' })],
        checks,
      },
    },
    { asOf: '2026-11-29', timezone, ...(checked && { checked: { ...checked } }) },
  );

test('data that were checked on the day of the slot are fresh', () => {
  expect(ask([check('a', '2026-11-23'), check('a', '2026-11-30'), check('b', '2026-11-30')])).toEqual({
    checked: { a: '2026-11-30', b: '2026-11-30' },
    on: '2026-11-30',
    ageDays: 0,
    behind: [],
    isStale: false,
  });
  expect(importsKnownBy('2026-11-29', { refresh: { ...refresh } })).toBe('2026-11-30');
  expect(importsKnownBy('2026-11-29', {})).toBe('2026-11-29');
});

test('the source with the oldest check decides, and is named if others were checked later', () => {
  expect(ask([check('a', '2026-11-23'), check('b', '2026-11-30')])).toMatchObject({
    on: '2026-11-23',
    ageDays: 7,
    behind: ['Feed A'],
    isStale: true,
  });
  expect(ask([check('a', '2026-11-28'), check('b', '2026-11-28')])).toMatchObject({
    ageDays: 2,
    behind: [],
    isStale: false,
  });
  // A source that the dataset no longer has does not count.
  expect(ask([check('a', '2026-11-30'), check('gone', '2026-01-01')])).toMatchObject({ ageDays: 0 });
});

test('a check after the day of the slot is too late, and an edition keeps to the checks that it saw', () => {
  const checks = [check('a', '2026-11-28'), check('a', '2026-11-30'), check('a', '2026-12-01')];
  expect(ask(checks)).toMatchObject({ on: '2026-11-30' });
  expect(ask(checks, { checked: { a: '2026-11-28' } })).toMatchObject({ on: '2026-11-28', ageDays: 2 });
  // A manifest cannot claim a check that is not on record.
  expect(ask(checks, { checked: { a: '2026-11-29' } })).toMatchObject({ on: '2026-11-28' });
});

test('east of Greenwich, a check after the cut-off may be on the last reported day in UTC', () => {
  const evening = [check('a', '2026-11-29')];
  expect(ask(evening, { timezone: 'Asia/Tokyo' })).toMatchObject({ on: '2026-11-29', ageDays: 0 });
  expect(ask(evening)).toMatchObject({ ageDays: 1 });
  expect(ask(evening, { timezone: 'America/Los_Angeles' })).toMatchObject({ ageDays: 1 });
});

test('without checks the last import counts, and a dataset without refreshes or known imports has no freshness', () => {
  expect(ask([])).toMatchObject({ checked: {}, on: '2026-11-01', ageDays: 29, isStale: true });
  expect(ask([], { before: undefined })).toBeNull();
  const early = freshnessOf(
    {
      settings: { ...noSettings, refresh: { ...refresh } },
      incidents: { folder: '', imports: [recordOf({ known_on: '2026-11-01' })], checks: [] },
    },
    { asOf: '2026-10-30', timezone: 'UTC' },
  );
  expect(early).toBeNull();
});
