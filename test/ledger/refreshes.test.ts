import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { NewEdition, SourceCheck } from '../../src/ledger/records.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { asked, made, now } from '../support/ledger-samples.ts';
import { isServer, useLedgers } from '../support/ledger.ts';

/** That editions wait for the refresh of their dataset, which happens once for all slots of a moment. */
const ledgers = useLedgers();
const later = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000);
const works: SourceCheck = { source: 'feed', failure: null };
const fails: SourceCheck = { source: 'feed', failure: 'No answer.' };

/** Has the slot of a brief come due, on a dataset whose sources are refreshed first. */
async function open(ledger: Ledger, brief: string, { at = now, dataset = 'incidents' } = {}) {
  const due: NewEdition[] = [asked({ brief, slot: at })];
  // The first look at a brief sets its cursor.
  await ledger.openSlots(brief, {
    now: new Date(at.getTime() - 1),
    plan: (cursor) => ({ cursor, due: [], skipped: [] }),
  });
  const plan = (cursor: Date) => ({ cursor: at, due: cursor < at ? due : [], skipped: [] });
  return (await ledger.openSlots(brief, { now: at, plan, refresh: dataset })).map(({ id }) => id);
}
const refreshId = (dataset = 'incidents', at = now) => `${dataset} ${at.toISOString()}`;
const claim = (ledger: Ledger, { job = 'job-1', at = now, dataset = 'incidents', slot = now } = {}) =>
  ledger.claimRefresh(refreshId(dataset, slot), { job, now: at });
async function refresh(
  ledger: Ledger,
  checks: readonly SourceCheck[],
  { at = now, dataset = 'incidents', slot = now } = {},
) {
  const claimed = await claim(ledger, { at, dataset, slot });
  if (claimed === undefined) throw new Error(`${dataset} could not be claimed.`);
  return ledger.settleRefresh(claimed, { outcome: 'ended', checks }, { now: at });
}
const claimEdition = (ledger: Ledger, id: string) => ledger.claimEdition(id, { job: 'job-9', now });

test('the editions of a moment wait for one refresh of their dataset, and no others do', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const waiting = [...(await open(ledger, 'daily')), ...(await open(ledger, 'weekly'))];
  expect(waiting).toEqual(['daily/2021-08-22', 'weekly/2021-08-22']);
  const [other = ''] = await open(ledger, 'elsewhere', { dataset: 'other' });
  await ledger.request([asked({ brief: 'celebrations' })], now);
  // Nothing lacks a job: these wait, and the refresh and the request have theirs.
  expect(await ledger.reconcile()).toBe(0);
  expect(await claimEdition(ledger, 'celebrations/2021-08-22')).toBeDefined();
  for (const id of [...waiting, other]) expect(await claimEdition(ledger, id)).toBeUndefined();

  expect(await refresh(ledger, [works])).toBe(true);
  expect(await claim(ledger, { job: 'job-2' })).toBeUndefined();
  for (const id of waiting) expect(await claimEdition(ledger, id)).toBeDefined();
  expect(await claimEdition(ledger, other)).toBeUndefined();
  // The dataset was refreshed since this slot, which is noticed a moment later.
  const [late = ''] = await open(ledger, 'late');
  expect(await claimEdition(ledger, late)).toBeDefined();
});

test('the jobs follow each other: the refresh, then the editions that waited', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const ids = [...(await open(ledger, 'daily')), ...(await open(ledger, 'weekly'))];
  const done: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  await using _worker = await ledger.work({
    editionsAtOnce: 1,
    deliveriesAtOnce: 1,
    refreshesAtOnce: 2,
    delivery: () => Promise.resolve(),
    async refresh({ id, job }) {
      const claimed = await ledger.claimRefresh(id, { job, now });
      done.push(id);
      if (claimed) await ledger.settleRefresh(claimed, { outcome: 'ended', checks: [works] }, { now });
    },
    async edition({ id, job }) {
      const claimed = await ledger.claimEdition(id, { job, now });
      if (claimed) await ledger.settleEdition(claimed, made(), { now, alert: null });
      done.push(id);
      if (done.length > ids.length) resolve();
    },
  });
  await promise;
  expect(done[0]).toBe(refreshId());
  expect(done.slice(1).toSorted()).toEqual(ids);
});

test('a slot that comes due during a refresh waits for that refresh', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  await open(ledger, 'daily');
  const claimed = await claim(ledger);
  const [second = ''] = await open(ledger, 'weekly', { at: later(5) });
  expect(await claim(ledger, { slot: later(5) })).toBeUndefined();
  expect(await claimEdition(ledger, second)).toBeUndefined();
  await ledger.settleRefresh(claimed!, { outcome: 'ended', checks: [works] }, { now: later(6) });
  expect(await claimEdition(ledger, second)).toBeDefined();
  // A later slot of the same day has its edition already.
  expect(await open(ledger, 'weekly', { at: later(60) })).toEqual([]);
  expect(await claim(ledger, { slot: later(60) })).toBeUndefined();
  // The next day has a refresh of its own.
  await open(ledger, 'monthly', { at: later(24 * 60) });
  expect(await claim(ledger, { slot: later(24 * 60) })).toMatchObject({ attempt: 1 });
});

test('an attempt that is tried again keeps the editions waiting; one that was given back does not count', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const [id = ''] = await open(ledger, 'daily');
  const first = await claim(ledger);
  expect(first).toMatchObject({ attempt: 1, startedAt: now });
  expect(await ledger.settleRefresh(first!, { outcome: 'retried', afterSeconds: 60 }, { now })).toBe(true);
  expect(await claimEdition(ledger, id)).toBeUndefined();
  expect(await ledger.sourceStates()).toEqual([]);
  const second = await claim(ledger, { at: later(1) });
  expect(second).toMatchObject({ attempt: 2, startedAt: now });
  await ledger.settleRefresh(second!, { outcome: 'given-back' }, { now });
  // The process that had it before can record nothing.
  const again = await claim(ledger, { job: 'job-2', at: later(2) });
  expect(again).toMatchObject({ attempt: 2 });
  await ledger.settleRefresh(again!, { outcome: 'ended', checks: [fails] }, { now: later(2) });
  expect(await ledger.settleRefresh(first!, { outcome: 'ended', checks: [works] }, { now })).toBe(false);
  expect(await claimEdition(ledger, id)).toBeDefined();
});

test('a source fails from its first failure until it works again, and is forgotten when it is removed', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const day = (number: number) => later(number * 24 * 60);
  const results = [
    [works, { source: 'other', failure: null }],
    [fails, { source: 'other', failure: null }],
    [fails],
    [works],
  ];
  const states = [];
  for (const [number, checks] of results.entries()) {
    await open(ledger, `brief-${number}`, { at: day(number) });
    await refresh(ledger, checks, { at: day(number), slot: day(number) });
    states.push(await ledger.sourceStates());
  }
  const feed = { dataset: 'incidents', source: 'feed', failingSince: null, recoveredAt: null, failure: null };
  const failing = { ...feed, lastSuccess: day(0), failingSince: day(1), failure: 'No answer.' };
  expect(states).toEqual([
    [
      { ...feed, lastSuccess: day(0) },
      { ...feed, source: 'other', lastSuccess: day(0) },
    ],
    [failing, { ...feed, source: 'other', lastSuccess: day(1) }],
    [failing],
    [{ ...feed, lastSuccess: day(3), recoveredAt: day(3) }],
  ]);
});

test('while a source fails, its dataset is refreshed again after some time', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const repeat = (at: Date) => ledger.repeatRefreshes({ now: at, afterSeconds: 3600 });
  for (const [dataset, check] of [['broken', fails] as const, ['incidents', works] as const]) {
    await open(ledger, dataset, { dataset });
    await refresh(ledger, [check], { dataset });
  }
  expect(await repeat(later(59))).toBe(0);
  expect(await repeat(later(60))).toBe(1);
  expect(await repeat(later(61))).toBe(0);
  await refresh(ledger, [works], { dataset: 'broken', at: later(62), slot: later(60) });
  expect(await repeat(later(200))).toBe(0);
});

test('several schedulers at once request one refresh for all their briefs', async () => {
  const place = await ledgers.fresh();
  await using several = await place.several(3);
  const rounds = isServer ? 30 : 5;
  for (let round = 0; round < rounds; round += 1) {
    const dataset = `set-${round}`;
    const opened = await Promise.all(
      several.ledgers.map((ledger, index) => open(ledger, `b${round}-${index}`, { dataset })),
    );
    const [ledger] = several.ledgers;
    if (ledger === undefined) throw new Error('There is no ledger.');
    // Several workers claim it as well, and one of them gets it.
    const claims = await Promise.all(
      several.ledgers.map((each, index) => claim(each, { dataset, job: `job-${index}` })),
    );
    const got = claims.filter((each) => each !== undefined);
    expect(got).toHaveLength(1);
    const editions = opened.flat();
    expect(editions).toHaveLength(3);
    for (const id of editions) expect(await claimEdition(ledger, id)).toBeUndefined();
    await ledger.settleRefresh(got[0]!, { outcome: 'ended', checks: [works] }, { now });
    for (const id of editions) expect(await claimEdition(ledger, id)).toBeDefined();
  }
});

test('a slot that comes due while a refresh ends either waits for it and is woken, or does not wait', async () => {
  const place = await ledgers.fresh();
  await using several = await place.several(2);
  const [one, two] = several.ledgers;
  if (!one || !two) throw new Error('Two ledgers are needed.');
  const rounds = isServer ? 30 : 5;
  const ids: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const dataset = `set-${round}`;
    await open(one, `first-${round}`, { dataset });
    const claimed = await claim(one, { dataset });
    const [[id = '']] = await Promise.all([
      open(two, `second-${round}`, { dataset }),
      one.settleRefresh(claimed!, { outcome: 'ended', checks: [works] }, { now }),
    ]);
    ids.push(id);
  }
  // Each has a job.
  expect(await one.counts()).toMatchObject({ editions: { queued: 2 * rounds } });
  expect(await one.reconcile()).toBe(0);
  for (const id of ids) expect(await claimEdition(two, id)).toBeDefined();
});

test('a refresh whose process is killed is taken over, and the editions are generated once', async () => {
  const { at, open: openLedger } = await ledgers.ofItsOwn();
  {
    await using ledger = await openLedger();
    await open(ledger, 'daily');
  }
  const program = join(import.meta.dirname, '../support/ledger-process.ts');
  const other = spawn(process.execPath, [program, at, 'refresh'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(other, 'exit');
  await once(other.stdout, 'data');
  other.stdin.end('go\n');
  // It has claimed the refresh, and never ends it.
  expect(String((await once(other.stdout, 'data'))[0])).toBe('claimed\n');
  other.kill('SIGKILL');
  await exit;

  await using ledger = await openLedger();
  const done: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  await using _worker = await ledger.work({
    editionsAtOnce: 1,
    deliveriesAtOnce: 1,
    refreshesAtOnce: 1,
    delivery: () => Promise.resolve(),
    async refresh({ id, job }) {
      const claimed = await ledger.claimRefresh(id, { job, now: later(1) });
      if (!claimed) return;
      done.push(`refresh, attempt ${claimed.attempt}`);
      await ledger.settleRefresh(claimed, { outcome: 'ended', checks: [works] }, { now: later(1) });
    },
    async edition({ id, job }) {
      const claimed = await ledger.claimEdition(id, { job, now: later(1) });
      if (!claimed) return;
      done.push(id);
      await ledger.settleEdition(claimed, made(), { now: later(1), alert: null });
      resolve();
    },
  });
  await promise;
  expect(done).toEqual(['refresh, attempt 2', 'daily/2021-08-22']);
  expect(await ledger.runs({})).toHaveLength(1);
});
