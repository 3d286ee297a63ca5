import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { fromPglite, PgBoss } from 'pg-boss';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Database, embeddedDatabase, serverDatabase } from '../../src/ledger/sql/database.ts';
import { openLedger } from '../../src/ledger/open.ts';
import type { Handlers, Ledger } from '../../src/ledger/types.ts';
import { asked, claimed, delivering, made, mailTo, now } from '../support/ledger-samples.ts';
import { isServer, type Place, useLedgers } from '../support/ledger.ts';

/** That whatever is to be done reaches a worker, and goes with what caused it. */
const ledgers = useLedgers();
const quiet = { now, alert: null };
const content = [{ id: asked().id, sha256: made().sha256 ?? '' }];
const approver = { user: 'ana', namedBy: 'system', claimedName: null, now } as const;
const nobody = () => Promise.reject(new Error('Nobody asked for it.'));
const oneAtATime: Handlers = {
  edition: nobody,
  delivery: nobody,
  editionsAtOnce: 1,
  deliveriesAtOnce: 1,
  refresh: () => Promise.resolve(),
  refreshesAtOnce: 1,
};
const weeks = ['2021-08-22', '2021-08-01', '2021-08-15', '2021-07-25', '2021-08-08'].map((asOf) =>
  asked({ asOf }),
);
const oldestFirst = weeks.map(({ id }) => id).toSorted();

describe('a worker', () => {
  test('makes older periods first, and takes the next at once', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    await ledger.request(weeks, now);
    const taken: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const startedMs = performance.now();
    await using _worker = await ledger.work({
      ...oneAtATime,
      async edition({ id, job }) {
        const claim = await ledger.claimEdition(id, { job, now });
        await ledger.settleEdition(claim!, made(), quiet);
        taken.push(id);
        if (taken.length === weeks.length) resolve();
      },
    });
    await promise;
    expect(taken).toEqual(oldestFirst);
    // Half a second between two would be the queue's own interval.
    expect(performance.now() - startedMs).toBeLessThan(1800);
  });

  test('that waits is woken', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    let taken = Promise.withResolvers<void>();
    await using _worker = await ledger.work({
      ...oneAtATime,
      async edition({ id, job }) {
        const claim = await ledger.claimEdition(id, { job, now });
        await ledger.settleEdition(claim!, made(), quiet);
        taken.resolve();
      },
    });
    let waitedMs = 0;
    for (const week of weeks) {
      // By then it has found the queue empty.
      for (let look = 0; look < 3; look += 1) await ledger.counts();
      taken = Promise.withResolvers();
      const askedMs = performance.now();
      await ledger.request([week], now);
      await taken.promise;
      waitedMs += performance.now() - askedMs;
    }
    // By itself it looks every half a second.
    expect(waitedMs).toBeLessThan(1500);
  });

  test('is handed again what may pass, after its time', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const [delivery = ''] = await delivering(ledger, mailTo('ana@example.org'));
    await ledger.request([asked({ asOf: '2021-08-29' })], now);
    const seen: string[] = [];
    const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using _worker = await ledger.work({
      ...oneAtATime,
      async edition({ id, job }) {
        const claim = (await ledger.claimEdition(id, { job, now }))!;
        seen.push(`edition ${claim.edition.attempt}`);
        if (claim.edition.attempt === 2) ends[0]?.resolve();
        else
          await ledger.settleEdition(
            claim,
            { outcome: 'retried', reason: 'Busy.', code: null, afterSeconds: 1 },
            quiet,
          );
      },
      async delivery({ id, job }) {
        const claim = (await ledger.claimDelivery(id, { job, now }))!;
        expect(id).toBe(delivery);
        seen.push(`delivery ${claim.delivery.attempt}`);
        if (claim.delivery.attempt === 2) ends[1]?.resolve();
        else
          await ledger.settleDelivery(
            claim.delivery,
            { state: 'retried', reason: '451', afterSeconds: 1 },
            quiet,
          );
      },
    });
    await Promise.all(ends.map(({ promise }) => promise));
    expect(seen.toSorted()).toEqual(['delivery 1', 'delivery 2', 'edition 1', 'edition 2']);
  });

  test('is handed the same job again when it failed at the ledger itself', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    await ledger.request([asked()], now);
    const jobs: string[] = [];
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    await using _worker = await ledger.work({
      ...oneAtATime,
      async edition({ id, job }) {
        jobs.push(job);
        const claim = await ledger.claimEdition(id, { job, now });
        if (jobs.length === 1) throw new Error('The connection is gone.');
        resolve(claim?.run);
      },
    });
    expect(await promise).toBe(2);
    expect(jobs[1]).toBe(jobs[0]);
  });

  test('finishes running work before it ends, and takes no more', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    await ledger.request(weeks, now);
    const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let finished = 0;
    const worker = await ledger.work({
      ...oneAtATime,
      async edition({ id, job }) {
        begun.resolve();
        const claim = await ledger.claimEdition(id, { job, now });
        await end.promise;
        await ledger.settleEdition(claim!, made(), quiet);
        finished += 1;
      },
    });
    await begun.promise;
    const gone = worker[Symbol.asyncDispose]();
    end.resolve();
    await gone;
    expect(finished).toBe(1);
    expect(await ledger.counts()).toMatchObject({ editions: { rendered: 1, queued: 4 } });
  });
});

describe('reconciling', () => {
  test('what lost its job is given another', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    await delivering(ledger, mailTo('ana@example.org'));
    await ledger.request([asked({ asOf: '2021-08-29' })], now);
    const both = () => {
      const seen = new Set<string>();
      const all = Promise.withResolvers<void>();
      const take = ({ id }: { id: string }) => {
        seen.add(id);
        if (seen.size === 2) all.resolve();
        return Promise.resolve();
      };
      // The jobs of editions that are made are left over: there is nothing to do for them.
      const edition = (job: { id: string }) => (job.id === asked().id ? Promise.resolve() : take(job));
      return { handlers: { ...oneAtATime, edition, delivery: take }, all: all.promise };
    };
    expect(await ledger.reconcile()).toBe(0);
    // Jobs that end without a claim leave what they were for behind.
    const first = both();
    await using worker = new AsyncDisposableStack();
    const used = worker.use(await ledger.work(first.handlers));
    await first.all;
    await used[Symbol.asyncDispose]();
    expect(await ledger.reconcile()).toBe(2);
    expect(await ledger.reconcile()).toBe(0);
    const second = both();
    await using _worker = await ledger.work(second.handlers);
    await second.all;
  });

  test('what is in the hands of a job that is gone is given back', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const ids = await delivering(
      ledger,
      mailTo('ana@example.org'),
      mailTo('ben@example.org', { hold: true }),
    );
    for (const id of ids) await ledger.claimDelivery(id, { job: randomUUID(), now });
    await claimed(ledger, { asOf: '2021-08-29', job: randomUUID() });
    expect(await ledger.reconcile()).toBe(3);
    expect(await ledger.counts()).toMatchObject({
      editions: { delivering: 1, queued: 1 },
      deliveries: { sending: 2 },
    });
  });

  test('what another job takes meanwhile stays in its hands', async () => {
    const place = await ledgers.ofItsOwn();
    await using parts = await openParts(place);
    const ledger = openLedger(parts.database, parts.boss);
    const edition = await claimed(parts.opened, { asOf: '2021-08-29', job: randomUUID() });
    const [id = ''] = await delivering(parts.opened, mailTo('ana@example.org'));
    const sending = (await ledger.claimDelivery(id, { job: randomUUID(), now }))!;
    const findJobs = parts.boss.findJobs.bind(parts.boss);
    vi.spyOn(parts.boss, 'findJobs').mockImplementationOnce(async (...args) => {
      const retried = { reason: '', afterSeconds: 60 } as const;
      await ledger.settleEdition(edition, { outcome: 'retried', code: null, ...retried }, quiet);
      await ledger.claimEdition(edition.edition.id, { job: randomUUID(), now });
      await ledger.settleDelivery(sending.delivery, { state: 'retried', ...retried }, quiet);
      await ledger.claimDelivery(id, { job: randomUUID(), now });
      return findJobs(...args);
    });
    await ledger.reconcile();
    expect(await ledger.counts()).toMatchObject({
      editions: { delivering: 1, rendering: 1 },
      deliveries: { sending: 1 },
    });
  });
});

test.each([
  [
    'holds and releases',
    async (ledger: Ledger, id: string) => {
      await ledger.moveDelivery(id, { from: ['pending'], to: 'held', reason: null, now });
      await ledger.moveDelivery(id, { from: ['held'], to: 'pending', reason: null, now });
    },
  ],
  [
    'disapproves and approves',
    async (ledger: Ledger) => {
      await ledger.decide(content, { ...approver, decision: 'disapproved' });
      await ledger.decide(content, { ...approver, decision: 'approved' });
    },
  ],
] as const)(
  'a delivery that an operator %s goes out at once, without waiting for its retry',
  async (_, change) => {
    await using ledger = await (await ledgers.fresh()).open();
    const claim = await claimed(ledger);
    const needsApproval = { ...made(mailTo('ana@example.org')), needsApproval: true };
    await ledger.settleEdition(claim, needsApproval, quiet);
    await ledger.decide(content, { ...approver, decision: 'approved' });
    const [{ id } = { id: '' }] = await ledger.deliveries({});
    let isPutOff = false;
    const putOff = Promise.withResolvers<void>();
    const back = Promise.withResolvers<void>();
    await using _worker = await ledger.work({
      ...oneAtATime,
      async delivery({ job }) {
        const taken = await ledger.claimDelivery(id, { job, now });
        if (taken === undefined) return;
        if (isPutOff) return back.resolve();
        isPutOff = true;
        const later = { state: 'retried', reason: 'busy', afterSeconds: 1800 } as const;
        await ledger.settleDelivery(taken.delivery, later, quiet);
        putOff.resolve();
      },
    });
    await putOff.promise;
    await change(ledger, id);
    await back.promise;
    expect(await ledger.deliveries({})).toMatchObject([{ id, state: 'sending', attempt: 1 }]);
  },
);

describe('a job', () => {
  // Without a session of its own, a job sent within a transaction waits for the connection that the transaction holds.
  test('is sent within the transaction, by every call', { timeout: 300_000 }, async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const plan = () => ({
      cursor: new Date(now.getTime() + 1),
      due: [asked({ asOf: '2021-08-29' })],
      skipped: [],
    });
    await ledger.openSlots('weekly', { now, plan });
    const [id = ''] = await delivering(ledger, mailTo('ana@example.org'));
    await ledger.addDeliveries(asked().id, [mailTo('ben@example.org')], now);
    const sending = (await ledger.claimDelivery(id, { job: randomUUID(), now }))!;
    const retried = { reason: '', afterSeconds: 60 } as const;
    await ledger.settleDelivery(sending.delivery, { state: 'retried', ...retried }, quiet);
    await ledger.moveDelivery(id, { from: ['pending'], to: 'held', reason: null, now });
    await ledger.moveDelivery(id, { from: ['held'], to: 'pending', reason: null, now });
    const claim = await claimed(ledger, { asOf: '2021-08-15' });
    await ledger.settleEdition(claim, { outcome: 'retried', code: null, ...retried }, quiet);
    const parent = await claimed(ledger, { asOf: '2021-08-08' });
    const editions = [asked({ id: 'child', parameters: { a: 'b' }, partOf: parent.edition.id })];
    await ledger.settleEdition(parent, { outcome: 'fanned-out', editions, reason: '' }, quiet);
    await ledger.moveEdition('child', { from: ['queued'], to: 'held', reason: null, now });
    await ledger.moveEdition('child', { from: ['held'], to: 'queued', reason: null, now });
    expect(await ledger.reconcile()).toBe(0);
  });

  test.skipIf(isServer)('stays with its process when the clock jumps by a night', async () => {
    const place = await ledgers.ofItsOwn();
    await (await place.open())[Symbol.asyncDispose]();
    await using parts = await openParts(place);
    await parts.opened.request([asked()], now);
    const [job] = await parts.boss.fetch('edition');
    const realNow = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => realNow() + 10 * 3_600_000);
    onTestFinished(() => void vi.restoreAllMocks());
    await parts.boss.supervise('edition');
    expect(await parts.boss.findJobs('edition', {})).toMatchObject([{ id: job?.id, state: 'active' }]);
  });

  test('goes when what caused it is rolled back', { timeout: 300_000 }, async () => {
    await using parts = await openParts(await ledgers.ofItsOwn());
    const ledger = openLedger(parts.database, parts.boss);
    const broken = asked({ asOf: '2021-08-29', partOf: 'no such edition' });
    await expect(ledger.request([asked(), broken], now)).rejects.toThrow(/foreign key/);
    expect(await parts.boss.findJobs('edition', {})).toEqual([]);
    await ledger.request([asked()], now);
    expect(await parts.boss.findJobs('edition', {})).toMatchObject([{ data: { id: asked().id } }]);
  });
});

/** A ledger's database and queue, to look into. */
async function openParts({ at }: Place) {
  await using opening = new AsyncDisposableStack();
  const options = { schema: 'pgboss', schedule: false, supervise: false } as const;
  let database: Database;
  let boss: PgBoss;
  if (isServer) {
    database = opening.use(serverDatabase({ connectionString: at, max: 3 }, { onError: () => {} }));
    boss = new PgBoss({ ...options, connectionString: at, max: 2, migrate: false });
  } else {
    const pglite = new PGlite({ dataDir: join(at, 'data') });
    database = opening.use(embeddedDatabase(pglite));
    boss = new PgBoss({ ...options, backend: 'pglite', db: fromPglite(pglite) });
  }
  opening.defer(() => boss.stop({ graceful: false }));
  await boss.start();
  const opened = { ...openLedger(database, boss), [Symbol.asyncDispose]: () => Promise.resolve() };
  const held = opening.move();
  return { database, boss, opened, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
