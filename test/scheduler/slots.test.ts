import { describe, expect, test } from 'vitest';
import type { Schedule } from '../../src/project/brief.ts';
import { comingSlots, dueSlots, slotsBetween } from '../../src/scheduler/slots.ts';

const schedule = (cron: string, timezone: string, rest: Partial<Schedule> = {}): Schedule => ({
  cron,
  timezone,
  catchUp: 'all',
  most: 100,
  maxLateness: 'P60D',
  whenNothingNew: 'issue',
  ...rest,
});
const at = (instant: string) => new Date(instant);
const instants = (slots: readonly { at: Date }[]) => slots.map((slot) => slot.at.toISOString());

/** The two changes of 2026 in each zone, from their time zone rules, with the UTC instant of each. */
const changes = [
  ['Europe/London', { forward: '2026-03-29T01:00:00Z', back: '2026-10-25T01:00:00Z', minutes: 60 }],
  ['America/New_York', { forward: '2026-03-08T07:00:00Z', back: '2026-11-01T06:00:00Z', minutes: 60 }],
  ['Australia/Lord_Howe', { forward: '2026-10-03T15:30:00Z', back: '2026-04-04T15:00:00Z', minutes: 30 }],
] as const;
const localHour = (instant: Date, timeZone: string) =>
  instant.toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
const localDay = (instant: Date, timeZone: string) => instant.toLocaleDateString('sv-SE', { timeZone });

describe.each(changes)('%s, through both changes of its clock in 2026', (timezone, { forward, back }) => {
  test.each([forward, back])('a daily brief at 06:00 is due once each local day (%s)', (change) => {
    const from = new Date(at(change).getTime() - 5 * 86_400_000);
    const until = new Date(at(change).getTime() + 5 * 86_400_000);
    const slots = slotsBetween(schedule('0 6 * * *', timezone), from, until);
    expect(slots).toHaveLength(10);
    expect(new Set(slots.map((slot) => localHour(slot.at, timezone)))).toEqual(new Set(['06:00']));
    expect(new Set(slots.map((slot) => localDay(slot.at, timezone))).size).toBe(10);
    expect(new Set(slots.map(({ asOf }) => asOf)).size).toBe(10);
  });

  test.each([forward, back])(
    'a daily brief in the hour that is skipped or doubled is due once (%s)',
    (change) => {
      const from = new Date(at(change).getTime() - 3 * 86_400_000);
      const until = new Date(at(change).getTime() + 3 * 86_400_000);
      const around = [-2, -1, 0, 1, 2].map((days) =>
        localDay(new Date(at(change).getTime() + days * 86_400_000), timezone),
      );
      for (const cron of ['15 2 * * *', '45 1 * * *', '30 1 * * *']) {
        const days = slotsBetween(schedule(cron, timezone), from, until).map((slot) =>
          localDay(slot.at, timezone),
        );
        for (const day of around) {
          expect(
            days.filter((each) => each === day),
            `${cron} on ${day}`,
          ).toHaveLength(1);
        }
      }
    },
  );

  test('a weekly brief is due on 52 Mondays at its local time', () => {
    const slots = slotsBetween(
      schedule('0 6 * * MON', timezone),
      at('2026-01-01T00:00:00Z'),
      at('2026-12-31T00:00:00Z'),
    );
    expect(slots).toHaveLength(52);
    expect(new Set(slots.map((slot) => localHour(slot.at, timezone)))).toEqual(new Set(['06:00']));
    for (const { asOf } of slots) expect(new Date(asOf).getUTCDay()).toBe(0);
  });

  test.each([forward, back])('an hourly brief follows the hours that there are (%s)', (change) => {
    const day = localDay(at(change), timezone);
    const slots = slotsBetween(
      schedule('0 * * * *', timezone),
      new Date(at(change).getTime() - 36 * 3_600_000),
      new Date(at(change).getTime() + 36 * 3_600_000),
    );
    const times = slots.map((slot) => slot.at.getTime());
    expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
    const gaps = times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / 60_000);
    // Never less than the half hour of Lord Howe, never more than the hour and what the change adds.
    expect(gaps.length).toBeGreaterThanOrEqual(70);
    for (const gap of gaps) expect([30, 60, 90, 120]).toContain(gap);
    const due = dueSlots(schedule('0 * * * *', timezone), {
      cursor: new Date(at(change).getTime() - 36 * 3_600_000),
      now: new Date(at(change).getTime() + 36 * 3_600_000),
    });
    // It reports on days: one edition for each, the day of the change included.
    const days = due.issue.map(({ asOf }) => asOf);
    expect(days).toEqual([...new Set(days)]);
    expect(days).toContain(day);
  });
});

test('the Monday slot reports through the Sunday before it', () => {
  const [slot] = comingSlots(schedule('0 6 * * MON', 'Europe/London'), at('2021-08-26T00:00:00Z'), 1);
  expect(slot).toEqual({ at: at('2021-08-30T05:00:00Z'), asOf: '2021-08-29' });
  // In Kabul the day has changed already when it is still Sunday evening in London.
  const [kabul] = comingSlots(schedule('30 0 * * MON', 'Asia/Kabul'), at('2021-08-26T00:00:00Z'), 1);
  expect(kabul).toEqual({ at: at('2021-08-29T20:00:00Z'), asOf: '2021-08-29' });
});

describe('after five weeks without the program', () => {
  const cursor = at('2021-07-26T05:00:00Z');
  const now = at('2021-08-30T12:00:00Z');
  const weekly = (rest: Partial<Schedule>) =>
    dueSlots(schedule('0 6 * * MON', 'Europe/London', rest), { cursor, now });
  const sundays = ['2021-08-01', '2021-08-08', '2021-08-15', '2021-08-22', '2021-08-29'];

  test('all: each week is made as of its own cut-off', () => {
    const due = weekly({ catchUp: 'all' });
    expect(due.issue.map(({ asOf }) => asOf)).toEqual(sundays);
    expect(due.skip).toEqual([]);
    expect(due.cursor).toEqual(at('2021-08-30T05:00:00Z'));
  });

  test('latest: the last week, and the others are on record as skipped', () => {
    const due = weekly({ catchUp: 'latest' });
    expect(due.issue.map(({ asOf }) => asOf)).toEqual(['2021-08-29']);
    expect(due.skip.map(({ slot }) => slot.asOf)).toEqual(sundays.slice(0, -1));
    expect(due.skip[0]?.reason).toContain('latest');
  });

  test('skip: none, not even the last, which is seven hours late', () => {
    const due = weekly({ catchUp: 'skip' });
    expect(due.issue).toEqual([]);
    expect(due.skip.map(({ slot }) => slot.asOf)).toEqual(sundays);
  });

  test('skip still issues a slot that is fourteen minutes late: a restart near the hour is no miss', () => {
    const late = (instant: string) =>
      dueSlots(schedule('0 6 * * MON', 'Europe/London', { catchUp: 'skip' }), { cursor, now: at(instant) });
    expect(late('2021-08-02T05:14:00Z').issue).toHaveLength(1);
    expect(late('2021-08-02T05:16:00Z').issue).toHaveLength(0);
  });

  test('a cap keeps the newest, and maxLateness drops the oldest', () => {
    const capped = weekly({ most: 2 });
    expect(capped.issue.map(({ asOf }) => asOf)).toEqual(sundays.slice(-2));
    expect(capped.skip).toHaveLength(3);
    const late = weekly({ maxLateness: 'P15D' });
    expect(late.issue.map(({ asOf }) => asOf)).toEqual(sundays.slice(-3));
    expect(late.skip[0]?.reason).toContain('P15D');
  });
});

test('a clock that goes back finds nothing until it has caught up, and then nothing twice', () => {
  const daily = schedule('0 6 * * *', 'UTC');
  let cursor = at('2026-05-01T00:00:00Z');
  const issued: string[] = [];
  const instantsOfClock = [
    '2026-05-01T06:00:00Z',
    '2026-05-01T05:00:00Z',
    '2026-05-01T06:30:00Z',
    '2026-05-03T06:00:01Z',
    '2026-05-02T00:00:00Z',
    '2026-05-03T07:00:00Z',
    '2026-05-04T06:00:00Z',
  ];
  for (const instant of instantsOfClock) {
    const due = dueSlots(daily, { cursor, now: at(instant) });
    issued.push(...instants(due.issue));
    expect(due.cursor.getTime()).toBeGreaterThanOrEqual(cursor.getTime());
    cursor = due.cursor;
  }
  expect(issued).toEqual([1, 2, 3, 4].map((day) => `2026-05-0${day}T06:00:00.000Z`));
});
