import { describe, expect, test } from 'vitest';
import { thisMachine } from '../../../src/ledger/principal.ts';
import type { EditionState } from '../../../src/ledger/records.ts';
import type { EditionView } from '../../../src/ledger/views.ts';
import { calendarOf } from '../../../src/server/pages/brief-page.ts';
import { daysOfYear } from '../../../src/server/pages/queries.ts';
import { locale } from '../../support/locale.ts';

const weekly = {
  cron: '0 6 * * MON',
  timezone: 'Europe/London',
  catchUp: 'all',
  most: 10,
  maxLateness: 'P60D',
  whenNothingNew: 'issue',
} as const;
const edition = (id: string, state: EditionState, partOf: string | null = null): EditionView => ({
  id,
  brief: 'b',
  name: id.slice(2),
  asOf: id.slice(2, 12),
  paper: id.includes('Letter') ? 'Letter' : 'A4',
  parameters: partOf === null ? {} : { actor: id.slice(19) },
  partOf,
  origin: 'request',
  slot: null,
  reach: 'none',
  state,
  reason: null,
  requestedAt: new Date(0),
  startedAt: null,
  renderedAt: null,
  settledAt: null,
  sha256: null,
  pages: null,
  title: null,
  issue: null,
  marking: null,
  summary: [],
  deliveries: {},
  files: [],
  correction: null,
  needsApproval: false,
  approvedSha256: null,
  toApprove: null,
  recipients: { total: 0, received: 0, failed: 0, waiting: 0 },
});
const show = (
  editions: readonly EditionView[],
  {
    year = 2021,
    now = '2021-08-24T12:00Z',
    cron = '0 6 * * MON',
    may = 'operate',
  }: { year?: number; now?: string; cron?: string; may?: 'operate' | 'read' } = {},
) =>
  calendarOf({
    year,
    brief: { id: 'b', paper: 'A4', schedule: { ...weekly, cron } },
    editions,
    caller: { ...thisMachine, may },
    now: new Date(now),
    locale,
  });
const daysIn = (months: ReturnType<typeof show>) =>
  months.flatMap(({ weeks }) => weeks).flatMap(({ days }) => days);

describe('the weeks of a year', () => {
  test('each belongs to the year and month in which it ends', () => {
    expect(daysOfYear(2021)).toEqual({ from: '2020-12-28', to: '2021-12-26' });
    expect(daysOfYear(2023)).toEqual({ from: '2022-12-26', to: '2023-12-31' });
    for (let year = 2000; year < 2040; year += 1) {
      const next = new Date(Date.parse(daysOfYear(year).to) + 86_400_000).toISOString().slice(0, 10);
      expect(daysOfYear(year + 1).from).toBe(next);
    }
    const [january] = show([]);
    expect(january).toMatchObject({
      name: 'January',
      weeks: [{ number: 'W53', days: [{ label: 'Sun 3 Jan' }] }, {}, {}, {}, {}],
    });
  });

  test('days without an edition show as gaps, up to the next slot', () => {
    const days = daysIn(show([edition('b/2021-08-15', 'done'), edition('b/2021-08-18-Letter', 'held')]));
    expect(days.slice(-4).map(({ asOf, kind, says }) => [asOf, kind, says])).toEqual([
      ['2021-08-15', 'made', 'No edition'],
      ['2021-08-18', 'made', 'No edition'],
      ['2021-08-22', 'gap', 'No edition'],
      ['2021-08-29', 'coming', 'Due Mon 30 Aug 2021, 06:00 BST'],
    ]);
    expect(days.at(-3)?.editions).toMatchObject([
      { label: 'Letter', state: { id: 'held', name: 'On hold' } },
    ]);
    expect(days.at(-2)?.actions).toMatchObject([
      { action: '/briefs/b/editions', fields: [{ value: '2021-08-22' }] },
    ]);
    expect(days.at(-1)?.actions).toEqual([]);
    expect(daysIn(show([], { may: 'read' })).flatMap(({ actions }) => actions)).toEqual([]);
  });

  test('a daily brief has every day of a week, and a future year has none', () => {
    const august = show([], { cron: '0 6 * * *' }).find(({ name }) => name === 'August');
    expect(august?.weeks.at(0)).toMatchObject({ number: 'W30', days: { length: 7 } });
    expect(show([], { year: 2022 })).toEqual([]);
  });

  test('editions that are part of another are listed under it, or separately if it is missing', () => {
    const parts = [
      edition('b/2021-08-22-actor=A', 'done', 'b/2021-08-22'),
      edition('b/2021-08-22-actor=B', 'held', 'b/2021-08-22'),
    ];
    const [whole] = daysIn(show([edition('b/2021-08-22', 'done'), ...parts])).filter(
      ({ kind }) => kind === 'made',
    );
    expect(whole?.editions).toMatchObject([
      {
        label: 'All editions',
        parts: {
          label: '2 editions: 1 done, 1 on hold',
          editions: [{ label: 'actor A' }, { label: 'actor B' }],
        },
      },
    ]);
    const [alone] = daysIn(show(parts)).filter(({ kind }) => kind === 'made');
    expect(alone?.editions).toMatchObject([{ label: 'actor A', parts: null }, { label: 'actor B' }]);
  });
});
