import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { migrateServer, openEmbeddedLedger, openServerLedger } from '../../src/ledger/open.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { at, made } from '../support/ledger-samples.ts';
import { isServer, useLedgers } from '../support/ledger.ts';

const ledgers = useLedgers();
const onError = (error: Error) => {
  throw error;
};
const now = at('2021-08-23T06:00:00Z');

/** Opens a ledger that the first edition of the program left behind. */
async function openOld(): Promise<Ledger> {
  const sql = await readFile(join(import.meta.dirname, '../input/ledger-of-first-edition.sql'), 'utf8');
  if (!isServer) {
    const folder = await temporaryFolder();
    const pglite = new PGlite({ dataDir: join(folder, 'data') });
    await pglite.exec(sql);
    await pglite.close();
    return openEmbeddedLedger(folder, { onError });
  }
  const { at: url } = await ledgers.ofItsOwn();
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('DROP SCHEMA sitrep CASCADE');
  await client.query(sql);
  await client.end();
  await expect(openServerLedger(url, { onError })).rejects.toMatchObject({ code: 'ledger-unusable' });
  await migrateServer(url, { onError });
  return openServerLedger(url, { onError });
}

test('a ledger of the first edition is brought up to date, and goes on where it was', async () => {
  await using ledger = await openOld();
  // On a server only the next look finds out whose process is gone, and then what of it has no job.
  await ledger.reconcile();
  await ledger.reconcile();
  const states = (await ledger.editions({})).map(({ id, state }) => [id, state]);
  expect(Object.fromEntries(states)).toEqual({
    'weekly/2021-08-01': 'done',
    'weekly/2021-08-08': 'queued',
    'weekly/2021-08-15': 'queued',
    'weekly/2021-08-22': 'delivering',
  });
  const jobs: string[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const take = ({ id }: { id: string }) => {
    jobs.push(id);
    if (jobs.length === 5) resolve();
    return Promise.resolve();
  };
  await using _worker = await ledger.work({
    editionsAtOnce: 1,
    deliveriesAtOnce: 1,
    refresh: () => Promise.resolve(),
    refreshesAtOnce: 1,
    edition: take,
    delivery: take,
  });
  await all;
  expect(jobs.toSorted()).toEqual(['alert', 'being-sent', 'tried', 'weekly/2021-08-08', 'weekly/2021-08-15']);

  const claim = await ledger.claimEdition('weekly/2021-08-15', { job: 'job-1', now });
  expect(claim).toMatchObject({ run: 3, failures: ['browser-failed', 'browser-failed'] });
  if (claim) expect(await ledger.settleEdition(claim, made(), { now, alert: null })).toBe(true);

  const tried = await ledger.claimDelivery('tried', { job: 'job-2', now });
  expect(tried?.delivery).toMatchObject({ attempt: 4, tryingSince: now, unanswered: 0 });
  const being = await ledger.claimDelivery('being-sent', { job: 'job-3', now });
  expect(being).toMatchObject({ interrupted: true, delivery: { attempt: 1, mayHaveArrived: true } });
  for (const each of [tried, being])
    if (each)
      await ledger.settleDelivery(each.delivery, { state: 'sent', reason: '250' }, { now, alert: null });
  expect(await ledger.edition('weekly/2021-08-22')).toMatchObject({ state: 'done' });

  const alerts = await ledger.claimAlerts('alert', { job: 'job-4', now, everySeconds: 900 });
  expect(alerts).toMatchObject([{ id: 'alert', attempt: 3, tryingSince: now }]);
  await ledger.settleAlerts(alerts, { state: 'sent', reason: '250' }, { now });
  expect(await ledger.deliveryHealth({ failedSince: now })).toMatchObject({ failed: 0, oldestWaiting: null });
  expect(await ledger.openProblems(['disk-full'], now)).toEqual([{ id: 'disk-full', since: now }]);
  const old = await ledger.removableEditions(at('2021-08-24T00:00:00Z'));
  expect(old.map(({ id }) => id)).toContain('weekly/2021-08-01');
});

test('a ledger of a later version is refused', async () => {
  const { at: place, open } = await ledgers.ofItsOwn();
  await (await open())[Symbol.asyncDispose]();
  const later =
    'INSERT INTO sitrep.migration SELECT max(version) + 1 FROM sitrep.migration RETURNING version';
  const openAgain = async () => {
    if (isServer) return migrateServer(place, { onError });
    await using _ = await openEmbeddedLedger(place, { onError });
  };
  if (isServer) {
    const client = new Client({ connectionString: place });
    await client.connect();
    await client.query(later);
    await client.end();
  } else {
    const pglite = new PGlite({ dataDir: join(place, 'data') });
    await pglite.query(later);
    await pglite.close();
  }
  await expect(openAgain()).rejects.toMatchObject({
    code: 'ledger-unusable',
    faults: [{ problem: 'A later version of Sitrep has changed the tables of this ledger.' }],
  });
});
