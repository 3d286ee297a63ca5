import { expect, test, vi } from 'vitest';
import type { Ledger } from '../../src/ledger/types.ts';
import { commandsOn, openHouse } from '../support/house.ts';
import { asked, made, mailTo, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';

const ledgers = useLedgers();
const days = Array.from({ length: 20 }, (_, index) => `2021-07-${String(index + 1).padStart(2, '0')}`);
const backfill = days.map((asOf) => asked({ asOf, origin: 'backfill' }));

/** Takes `count` jobs, one at a time; gives what they were for, in order. */
async function taken(ledger: Ledger, count: number): Promise<string[]> {
  const ids: string[] = [];
  await using _worker = await ledger.work({
    editionsAtOnce: 1,
    deliveriesAtOnce: 1,
    refresh: () => Promise.resolve(),
    refreshesAtOnce: 1,
    edition: ({ id }) => Promise.resolve(void ids.push(id)),
    delivery: ({ id }) => Promise.resolve(void ids.push(id)),
  });
  await vi.waitFor(() => expect(ids.length).toBeGreaterThanOrEqual(count), { timeout: 300_000 });
  return ids.slice(0, count);
}

test("today's slot comes before a request, a request before a backfill, and a backfill from its oldest day on", async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  await ledger.request(backfill, now);
  await commandsOn(house.context).request('weekly', { asOf: '2021-08-15' });
  const missed = asked({ asOf: '2021-08-08', slot: new Date('2021-08-09T05:00:00Z') });
  await ledger.request([asked(), missed], now);
  expect(await taken(ledger, 6)).toEqual([
    'weekly/2021-08-22',
    'weekly/2021-08-15',
    'weekly/2021-07-01',
    'weekly/2021-07-02',
    'weekly/2021-07-03',
    'weekly/2021-07-04',
  ]);
});

test('one of a backfill that a person asks for as well is made next', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  await ledger.request(backfill, now);
  expect(await commandsOn(house.context).request('weekly', { asOf: '2021-07-18' })).toMatchObject({
    edition: { id: 'weekly/2021-07-18' },
    isNew: false,
  });
  expect(await taken(ledger, 2)).toEqual(['weekly/2021-07-18', 'weekly/2021-07-01']);
});

test('a backfill leaves room in the queue for requests', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  const context = { ...house.context, mostQueued: 2 };
  await ledger.request(backfill, now);
  for (const asOf of ['2021-08-01', '2021-08-08'])
    expect(await commandsOn(context).request('weekly', { asOf })).toMatchObject({ isNew: true });
  await expect(commandsOn(context).request('weekly', { asOf: '2021-08-15' })).rejects.toMatchObject({
    code: 'queue-full',
  });
});

test('deliveries of a request come before those of a backfill', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const editions = [...backfill.slice(0, 5), asked({ asOf: '2021-08-15', origin: 'request', slot: null })];
  await ledger.request(editions, now);
  for (const { id } of editions) {
    const claim = await ledger.claimEdition(id, { job: id, now });
    if (claim === undefined) throw new Error(`${id} could not be claimed.`);
    const making = made(mailTo('ana@example.org'));
    await ledger.settleEdition(claim, making, { now, alert: null });
  }
  const asOfs = new Map((await ledger.deliveries({})).map(({ id, edition }) => [id, edition]));
  const order = (await taken(ledger, 12)).flatMap((id) => asOfs.get(id) ?? []);
  expect(order).toEqual([
    'weekly/2021-08-15',
    'weekly/2021-07-01',
    'weekly/2021-07-02',
    'weekly/2021-07-03',
    'weekly/2021-07-04',
    'weekly/2021-07-05',
  ]);
});
