import { expect, test, vi } from 'vitest';
import { alertTo } from '../../src/delivery/alert.ts';
import { sendDelivery } from '../../src/delivery/send-alerts.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { openScheduler } from '../../src/scheduler/scheduler.ts';
import { type House, openHouse, operator } from '../support/house.ts';
import { asked, at, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';

const ledgers = useLedgers();
const signal = new AbortController().signal;
let jobs = 0;

/** ActiveRuns every delivery that waits to a worker, as the queue would. */
async function sendAll(house: House): Promise<void> {
  for (const { id } of await house.forDelivery.ledger.deliveries({ state: 'pending' }))
    await sendDelivery({ id, job: `job-${(jobs += 1)}`, signal }, house.forDelivery);
}
async function alertOf(ledger: Ledger, asOf: string): Promise<void> {
  const edition = asked({ asOf });
  await ledger.request([edition], now);
  await ledger.addDeliveries(edition.id, [alertTo(operator, 'late')], now);
}
const statesIn = async (ledger: Ledger) => (await ledger.deliveries({})).map(({ state }) => state);

test('102 late slots make one message to the operator', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  const schedules = {
    ...house.context,
    ...house.forDelivery,
    briefIds: () => Promise.resolve(['weekly', 'celebrations']),
    loadBrief: async (id: string) => {
      const brief = await house.context.loadBrief('weekly');
      const schedule = { ...brief.config.schedule, catchUp: 'all', most: 100, maxLateness: 'P800D' } as const;
      return { ...brief, id, config: { ...brief.config, schedule } };
    },
  };
  const openDue = openScheduler(schedules);
  await openDue(at('2020-09-01T12:00:00Z'));
  house.time = at('2021-08-24T12:00:00Z');
  expect(await openDue(house.time)).toHaveLength(102);
  await sendAll(house);
  expect(house.messages).toMatchObject([{ kind: 'alert', title: 'Sitrep: 102 alerts' }]);
  expect(house.messages[0]?.paragraphs).toHaveLength(52);
  expect(house.messages[0]?.paragraphs).toContain('And 52 more.');
  expect(new Set(await statesIn(ledger))).toEqual(new Set(['sent']));
});

test('the next message comes a quarter of an hour after the last, with all alerts since', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  await alertOf(ledger, '2021-08-01');
  await sendAll(house);
  expect(house.messages).toMatchObject([{ title: 'Sitrep: weekly/2021-08-01 is late' }]);
  await alertOf(ledger, '2021-08-08');
  await alertOf(ledger, '2021-08-15');
  house.time = new Date(now.getTime() + 899_000);
  await sendAll(house);
  expect(house.messages).toHaveLength(1);
  const [waiting] = await ledger.deliveries({ state: 'pending' });
  expect(waiting).toMatchObject({ attempt: 0, nextTryAt: new Date(now.getTime() + 900_000) });
  house.time = new Date(now.getTime() + 900_000);
  await sendAll(house);
  expect(house.messages[1]).toMatchObject({ title: 'Sitrep: 2 alerts' });
  expect(house.messages).toHaveLength(2);
});

test('a message is sent again unchanged, with the same id, after its process ended', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  await alertOf(ledger, '2021-08-01');
  await alertOf(ledger, '2021-08-08');
  const [first, second] = await ledger.deliveries({});
  // The queue gives a job that was lost to another process, under the same id.
  for (const id of [first?.id, second?.id]) {
    if (id === second?.id) await alertOf(ledger, '2021-08-15');
    const alerts = await ledger.claimAlerts(id ?? '', { job: 'lost', now, everySeconds: 900 });
    expect(alerts).toHaveLength(2);
  }
  await sendDelivery({ id: first?.id ?? '', job: 'lost', signal }, house.forDelivery);
  expect(house.messages).toMatchObject([{ title: 'Sitrep: 2 alerts' }]);
  expect((await statesIn(ledger)).toSorted()).toEqual(['pending', 'sent', 'sent']);

  const other = await openHouse(ledger);
  const again = { from: ['sent'], to: 'pending', reason: null, now } as const;
  for (const id of [first?.id, second?.id]) await ledger.moveDelivery(id ?? '', again);
  const [third] = (await ledger.deliveries({})).filter(({ edition }) => edition === 'weekly/2021-08-15');
  await ledger.moveDelivery(third?.id ?? '', { ...again, from: ['pending'], to: 'cancelled' });
  other.time = new Date(now.getTime() + 900_000);
  await sendAll(other);
  expect(other.messages.map(({ id }) => id)).toEqual(house.messages.map(({ id }) => id));
});

test('when the mail server is dead, the operator is reached another way at once', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  house.answer = () => ({ outcome: 'deferred', reason: 'ECONNREFUSED' });
  await alertOf(ledger, '2021-08-01');
  await sendAll(house);
  expect(house.otherwise).toEqual([
    { title: 'Sitrep: weekly/2021-08-01 is late', reason: 'ECONNREFUSED', isFirstTry: true },
  ]);
  // No other way is set: mail goes on being tried, and the first try alone is written down.
  expect(await ledger.deliveries({})).toMatchObject([{ state: 'pending', reason: 'ECONNREFUSED' }]);
  house.time = new Date(now.getTime() + 900_000);
  house.answerOtherwise = { outcome: 'sent', reason: 'HTTP 200' };
  await sendAll(house);
  expect(house.otherwise[1]).toMatchObject({ isFirstTry: false });
  expect(await ledger.deliveries({})).toMatchObject([
    { state: 'sent', reason: 'By webhook (HTTP 200). By mail: ECONNREFUSED' },
  ]);
});

test('the queue brings alerts that had to wait for the last message', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  const forDelivery = { ...house.forDelivery, alertEverySeconds: 1, now: () => new Date() };
  await using _worker = await ledger.work({
    editionsAtOnce: 1,
    deliveriesAtOnce: 2,
    refresh: () => Promise.resolve(),
    refreshesAtOnce: 1,
    edition: () => Promise.resolve(),
    delivery: (job) => sendDelivery(job, forDelivery),
  });
  await alertOf(ledger, '2021-08-01');
  await vi.waitFor(() => expect(house.messages).toHaveLength(1), { timeout: 30_000 });
  for (const asOf of ['2021-08-08', '2021-08-15']) await alertOf(ledger, asOf);
  await vi.waitFor(async () => expect(new Set(await statesIn(ledger))).toEqual(new Set(['sent'])), {
    timeout: 30_000,
  });
});

/** Answers as a mail server that has fallen silent: the connection ends when the time is up. */
const silence = (_: unknown, given: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    given.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });

test('a mail server that falls silent leaves time to reach the operator another way', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  house.answer = silence;
  house.answerOtherwise = { outcome: 'sent', reason: 'HTTP 200' };
  await alertOf(ledger, '2021-08-01');
  const [alert] = await ledger.deliveries({});
  const forDelivery = { ...house.forDelivery, timeoutMs: 20 };
  await sendDelivery({ id: alert?.id ?? '', job: 'silent', signal }, forDelivery);
  expect(house.otherwiseSignal?.aborted).toBe(false);
  expect(await ledger.deliveries({})).toMatchObject([
    { state: 'sent', reason: 'By webhook (HTTP 200). By mail: It took too long.' },
  ]);
});

test('a new alert does not fail together with an expired one', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  house.answer = () => ({ outcome: 'deferred', reason: 'ECONNREFUSED' });
  await alertOf(ledger, '2021-08-01');
  await sendAll(house);
  await alertOf(ledger, '2021-08-08');
  house.time = new Date(now.getTime() + 6 * 86_400_000);
  await sendAll(house);
  const found = await ledger.deliveries({});
  expect(Object.fromEntries(found.map(({ edition, state }) => [edition, state]))).toEqual({
    'weekly/2021-08-01': 'failed',
    'weekly/2021-08-08': 'pending',
  });
});

test('a process that is stopped gives alerts back, and the next one sends them at once', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  const stop = new AbortController();
  house.answer = (message, given) => {
    const ended = silence(message, given);
    stop.abort();
    return ended;
  };
  await alertOf(ledger, '2021-08-01');
  const [alert] = await ledger.deliveries({});
  await sendDelivery({ id: alert?.id ?? '', job: 'stopped', signal: stop.signal }, house.forDelivery);
  expect(house.otherwise).toEqual([]);
  expect(await ledger.deliveries({})).toMatchObject([{ state: 'pending', attempt: 0, nextTryAt: null }]);
  house.answer = () => ({ outcome: 'sent', reason: '250' });
  await sendAll(house);
  expect(await statesIn(ledger)).toEqual(['sent']);
});

test('alerts are put on hold if their process ends again and again', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  await alertOf(ledger, '2021-08-01');
  const [alert] = await ledger.deliveries({});
  const id = alert?.id ?? '';
  for (let time = 0; time < 21; time += 1)
    await ledger.claimAlerts(id, { job: 'lost', now, everySeconds: 900 });
  await sendDelivery({ id, job: 'lost', signal }, house.forDelivery);
  expect(house.messages).toEqual([]);
  expect(await statesIn(ledger)).toEqual(['held']);
});
