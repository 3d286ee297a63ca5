import { expect, test, vi } from 'vitest';
import type { Ledger } from '../../src/ledger/types.ts';
import type { Brief } from '../../src/project/brief.ts';
import { makeEdition } from '../../src/scheduler/make-edition.ts';
import {
  alertLateEditions,
  editionsBetween,
  openScheduler,
  startScheduler,
} from '../../src/scheduler/scheduler.ts';
import { type House, openHouse, operator, scheduled } from '../support/house.ts';
import { asked, at, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';

const ledgers = useLedgers();
/** Looks at the schedule at an instant; gives the ids of what is new. */
const look = async (house: House, instant: string) => {
  house.time = at(instant);
  const schedules = { ...house.context, ...house.forDelivery, briefIds: () => Promise.resolve(briefs) };
  return (await openScheduler(schedules)(house.time)).map(({ id }) => id);
};
const briefs = ['al-qaeda-ties', 'celebrations', 'isis-quieting', 'weekly'];
const endingOn = (asOf: string) => briefs.map((brief) => `${brief}/${asOf}`);

test('nothing is due at the first look, and each week once after that', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  expect(await look(house, '2021-08-16T12:00:00Z')).toEqual([]);
  expect(await look(house, '2021-08-23T04:59:59Z')).toEqual([]);
  expect(await look(house, '2021-08-23T05:00:00Z')).toEqual(endingOn('2021-08-22'));
  expect(await look(house, '2021-08-23T05:00:00Z')).toEqual([]);
  // A clock that goes back and comes again.
  expect(await look(house, '2021-08-16T12:00:00Z')).toEqual([]);
  expect(await look(house, '2021-08-23T05:00:01Z')).toEqual([]);
  expect(await look(house, '2021-08-30T05:00:01Z')).toEqual(endingOn('2021-08-29'));
  expect(await ledger.deliveries({})).toEqual([]);
  expect((await ledger.editions({ brief: 'weekly' }))[0]).toMatchObject({
    origin: 'schedule',
    reach: 'all',
    slot: at('2021-08-30T05:00:00Z'),
    parameters: {},
  });
});

test('a brief that cannot be read waits, delays no other brief, and misses no slot', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  await look(house, '2021-08-16T12:00:00Z');
  const broken = await openHouse(ledger, { celebrations: (yaml) => yaml.replace('P7D', 'P7X') });
  const others = endingOn('2021-08-22').filter((id) => !id.startsWith('celebrations'));
  expect(await look(broken, '2021-08-23T05:00:00Z')).toEqual(others);
  expect(broken.told.filter(([level]) => level === 'error')).toEqual([
    [
      'error',
      { brief: 'celebrations', faults: [expect.stringMatching(/celebrations\/brief\.yaml, .*period/)] },
      'The brief cannot be read: it is not scheduled.',
    ],
  ]);
  expect(await look(house, '2021-08-23T05:10:00Z')).toEqual(['celebrations/2021-08-22']);

  // It is said once, and again when it is another fault or was mended in between.
  const said = () => broken.told.filter(([level]) => level === 'error').length;
  let { loadBrief } = broken.context;
  const openDue = openScheduler({
    ...broken.context,
    ...broken.forDelivery,
    briefIds: () => Promise.resolve(['celebrations']),
    loadBrief: (id) => loadBrief(id),
  });
  for (const beat of [1, 2, 3]) await openDue(at(`2021-08-23T05:2${beat}:00Z`));
  expect(said()).toBe(2);
  ({ loadBrief } = house.forEditions);
  await openDue(at('2021-08-23T05:24:00Z'));
  ({ loadBrief } = broken.context);
  await openDue(at('2021-08-23T05:25:00Z'));
  expect(said()).toBe(3);
});

test.each<[string, (house: House) => Promise<Brief>, RegExp]>([
  ['read, for whatever reason', () => Promise.reject(new TypeError('a defect')), /cannot be read/],
  [
    'scheduled',
    async ({ forEditions }) => {
      const brief = await forEditions.loadBrief('al-qaeda-ties');
      const schedule = { ...brief.config.schedule, timezone: 'Nowhere/At-All' };
      return { ...brief, config: { ...brief.config, schedule } };
    },
    /cannot be scheduled/,
  ],
])('a brief that cannot be %s delays no other', async (_, load, message) => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  await look(house, '2021-08-16T12:00:00Z');
  const schedules = {
    ...house.context,
    ...house.forDelivery,
    briefIds: () => Promise.resolve(briefs),
    loadBrief: (id: string) => (id === 'al-qaeda-ties' ? load(house) : house.forEditions.loadBrief(id)),
  };
  const openDue = openScheduler(schedules);
  const beat = (instant: string) => openDue(at(instant));
  const [, ...others] = endingOn('2021-08-22');
  expect((await beat('2021-08-23T05:00:00Z')).map(({ id }) => id)).toEqual(others);
  expect(await beat('2021-08-23T05:00:01Z')).toEqual([]);
  expect(house.told.filter(([level]) => level === 'error')).toEqual([
    ['error', expect.objectContaining({ brief: 'al-qaeda-ties' }), expect.stringMatching(message)],
  ]);
  expect(await look(house, '2021-08-23T05:10:00Z')).toEqual(['al-qaeda-ties/2021-08-22']);
});

test('a slot is left out if its day was issued on other paper, and the operator is alerted once', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  await ledger.request([asked()], now);
  const schedules = {
    ...house.context,
    ...house.forDelivery,
    briefIds: () => Promise.resolve(['weekly']),
    loadBrief: async (id: string): Promise<Brief> => {
      const brief = await house.forEditions.loadBrief(id);
      return { ...brief, config: { ...brief.config, paper: 'Letter' } };
    },
  };
  const openDue = openScheduler(schedules);
  await openDue(at('2021-08-16T12:00:00Z'));
  for (const beat of [0, 1]) expect(await openDue(at(`2021-08-23T05:00:0${beat}Z`))).toEqual([]);
  expect(house.told.filter(([level]) => level === 'warn')).toEqual([
    [
      'warn',
      { edition: 'weekly/2021-08-22', issuedOn: 'A4', wanted: 'Letter' },
      'This day’s edition was already issued on other paper, so the slot is skipped.',
    ],
  ]);
  expect(await ledger.deliveries({})).toMatchObject([
    { edition: 'weekly/2021-08-22', content: 'left-out', address: operator },
  ]);
});

test('when no brief can be scheduled, that is the ledger, and the look fails', async () => {
  const ledger = await (await ledgers.ofItsOwn()).open();
  const house = await openHouse(ledger);
  await ledger[Symbol.asyncDispose]();
  await expect(look(house, '2021-08-16T12:00:00Z')).rejects.toThrow();
});

test('what was missed is made up for, each week as of its own day, and the operator hears of each once', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  const only = { ...house.context, ...house.forDelivery, briefIds: () => Promise.resolve(['weekly']) };
  await openScheduler(only)(at('2021-07-26T12:00:00Z'));
  const off = at('2021-08-30T12:00:00Z');
  house.time = off;
  const missed = await openScheduler(only)(off);
  const days = ['2021-08-01', '2021-08-08', '2021-08-15', '2021-08-22', '2021-08-29'];
  expect(missed.map(({ asOf }) => asOf)).toEqual(days);
  await openScheduler(only)(off);
  const alerts = await ledger.deliveries({});
  expect(
    alerts.map(({ edition, address, content }) => `${edition} ${address} ${content}`).toSorted(),
  ).toEqual(days.map((day) => `weekly/${day} ${operator} late`));

  const printed: string[] = [];
  const { effects } = house.forEditions;
  const print: typeof effects.print = (html, options) => {
    printed.push(html);
    return effects.print(html, options);
  };
  const signal = new AbortController().signal;
  for (const { id } of missed)
    await makeEdition({ id, job: id, signal }, { ...house.forEditions, effects: { ...effects, print } });
  const issues = await ledger.editions({ state: 'rendered' });
  expect(issues.map(({ card }) => card?.issue)).toEqual([
    '2021-W34',
    '2021-W33',
    '2021-W32',
    '2021-W31',
    '2021-W30',
  ]);
  // The week of the takeover knows of what followed no more than it did then.
  const cutOffs = ['1 August', '8 August', '15 August', '22 August', '29 August'];
  for (const [index, cutOff] of cutOffs.entries()) expect(printed[index]).toContain(`${cutOff} 2021`);
  expect(printed[2]).not.toContain('22 August 2021');
});

test('each late edition has one alert, and no other has any', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const slot = at('2021-08-23T05:00:00Z');
  const late = Array.from({ length: 3 }, (_, index) => asked({ brief: `b${index}` }));
  const onTime = asked({ brief: 'weekly', asOf: '2021-08-29', slot: at('2021-08-30T05:00:00Z') });
  await ledger.request([...late.map((each) => ({ ...each, slot })), onTime], slot);
  for (let round = 0; round < 2; round += 1)
    await alertLateEditions(at('2021-08-30T05:30:00Z'), { ledger, operator });
  const alerts = await ledger.deliveries({});
  expect(new Set(alerts.map(({ edition }) => edition))).toEqual(new Set(late.map(({ id }) => id)));
  expect(alerts).toHaveLength(late.length);
});

test('a round that does not end is not waited for', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  let beat: () => Promise<void> = () => Promise.reject(new Error('There is no beat yet.'));
  const heartbeat = (call: () => Promise<void>) => {
    beat = call;
    return { [Symbol.asyncDispose]: () => Promise.resolve() };
  };
  let isSilent = true;
  const loadBrief = (id: string) =>
    isSilent ? Promise.withResolvers<Brief>().promise : house.forEditions.loadBrief(id);
  const beats: Date[] = [];
  await using _scheduler = startScheduler({
    schedules: {
      ...house.context,
      ...house.forDelivery,
      briefIds: () => Promise.resolve(['weekly']),
      loadBrief,
    },
    heartbeat,
    now: () => now,
    onBeat: (each) => void beats.push(each),
    roundMs: 20,
  });
  await beat();
  expect(house.told).toContainEqual(['error', { seconds: 0.02 }, expect.stringContaining('has not ended')]);
  expect(beats).toEqual([]);
  isSilent = false;
  await beat();
  await vi.waitFor(() => expect(beats).toEqual([now]));
});

/** A scheduler of one brief, which counts what it reads. */
async function counting(ledger: Ledger) {
  const house = await openHouse(ledger);
  const read = { briefs: 0, ledger: 0 };
  let { loadBrief } = house.context;
  const openDue = openScheduler({
    ...house.forDelivery,
    briefIds: () => Promise.resolve(['weekly']),
    loadBrief: (id) => {
      read.briefs += 1;
      return loadBrief(id);
    },
    ledger: {
      ...ledger,
      openSlots: (...given) => {
        read.ledger += 1;
        return ledger.openSlots(...given);
      },
    },
  });
  return {
    read,
    /** Ids of the editions that became due by an instant. */
    due: async (instant: string) => (await openDue(at(instant))).map(({ id }) => id),
    change: (to: string) => {
      loadBrief = async (id) => {
        const brief = await house.context.loadBrief(id);
        const schedule = { ...brief.config.schedule, cron: to };
        return { ...brief, config: { ...brief.config, schedule } };
      };
    },
  };
}

test('between two slots it asks nothing of the ledger, and reads the briefs every ten seconds', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const { read, due } = await counting(ledger);
  for (let second = 10; second < 40; second += 1) await due(`2021-08-23T04:59:${second}Z`);
  expect(read).toEqual({ briefs: 3, ledger: 1 });
  expect(await due('2021-08-23T04:59:59.999Z')).toEqual([]);
  expect(read.ledger).toBe(1);
  expect(await due('2021-08-23T05:00:00Z')).toEqual(['weekly/2021-08-22']);
  expect(read.ledger).toBe(2);
});

test('a changed schedule counts within ten seconds', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const { due, change } = await counting(ledger);
  await due('2021-08-23T12:00:00Z');
  change('5 13 * * *');
  await due('2021-08-23T12:00:10Z');
  expect(await due('2021-08-23T12:04:59Z')).toEqual([]);
  expect(await due('2021-08-23T12:05:00Z')).toEqual(['weekly/2021-08-22']);
});

test('it looks at the ledger again when the clock has gone back, and a slot is made once', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const { read, due } = await counting(ledger);
  await due('2021-08-23T04:59:00Z');
  expect(await due('2021-08-23T05:00:00Z')).toEqual(['weekly/2021-08-22']);
  expect(await due('2021-08-23T04:59:59Z')).toEqual([]);
  expect(read.ledger).toBe(3);
  expect(await due('2021-08-23T05:00:00Z')).toEqual([]);
  expect(await due('2021-08-30T05:00:00Z')).toEqual(['weekly/2021-08-29']);
});

test('a slot that is not caught up is recorded with its reason, without an alert', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger, { weekly: scheduled('catchUp: latest') });
  const only = { ...house.context, ...house.forDelivery, briefIds: () => Promise.resolve(['weekly']) };
  await openScheduler(only)(at('2021-08-09T12:00:00Z'));
  await openScheduler(only)(at('2021-08-30T12:00:00Z'));
  expect(await ledger.editions({ state: 'queued' })).toMatchObject([{ asOf: '2021-08-29' }]);
  const reason = 'Missed, and skipped because catchUp is latest and a later slot is due.';
  expect(await ledger.editions({ state: 'skipped' })).toMatchObject([
    { asOf: '2021-08-22', reason, reach: 'none' },
    { asOf: '2021-08-15', reason, reach: 'none' },
  ]);
  expect(await ledger.deliveries({})).toMatchObject([{ edition: 'weekly/2021-08-29', content: 'late' }]);
});

test('a slot that is no later than a quarter of an hour is on time', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  await look(house, '2021-08-16T12:00:00Z');
  expect(await look(house, '2021-08-23T05:15:00Z')).toHaveLength(briefs.length);
  expect(await ledger.deliveries({})).toEqual([]);
});

test('the past of a brief is what its schedule would have made', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const { context } = await openHouse(ledger);
  const weekly = await context.loadBrief('weekly');
  const between = (from: string, to: string) =>
    editionsBetween(weekly, { from, to, reach: 'folders' }).map(({ asOf, slot }) => [
      asOf,
      slot?.toISOString(),
    ]);
  expect(between('2021-08-08', '2021-08-22')).toEqual([
    ['2021-08-08', '2021-08-09T05:00:00.000Z'],
    ['2021-08-15', '2021-08-16T05:00:00.000Z'],
    ['2021-08-22', '2021-08-23T05:00:00.000Z'],
  ]);
  expect(between('2021-08-09', '2021-08-14')).toEqual([]);
});
