import { expect, test } from 'vitest';
import type { SourceCheck } from '../../src/ledger/records.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { type RefreshDependencies, runRefresh } from '../../src/scheduler/run-refresh.ts';
import { openScheduler } from '../../src/scheduler/scheduler.ts';
import { openHouse } from '../support/house.ts';
import { at, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';

const ledgers = useLedgers();
const silent = { info() {}, warn() {}, error() {} };
const never = new AbortController().signal;
const works: SourceCheck = { source: 'feed', failure: null };
const fails: SourceCheck = { source: 'feed', failure: 'No answer.' };
const id = `incidents ${now.toISOString()}`;

/** A ledger in which the slot of one brief has come due, on a dataset whose sources are refreshed first. */
async function due(ledger: Ledger): Promise<void> {
  const before = new Date(now.getTime() - 1);
  await ledger.openSlots('weekly', {
    now: before,
    plan: (cursor) => ({ cursor, due: [], skipped: [] }),
  });
  const edition = {
    id: 'weekly/2021-08-22',
    brief: 'weekly',
    asOf: '2021-08-22',
    paper: 'A4' as const,
    parameters: {},
    partOf: null,
    origin: 'schedule' as const,
    slot: now,
    reach: 'all' as const,
    correction: null,
  };
  const plan = () => ({ cursor: now, due: [edition], skipped: [] });
  await ledger.openSlots('weekly', { now, plan, refresh: 'incidents' });
}

/** Runs the refresh at each of these minutes after its slot, as far as it has not ended; gives the attempts. */
async function run(ledger: Ledger, minutes: readonly number[], refresh: RefreshDependencies['refresh']) {
  await due(ledger);
  const attempts: number[] = [];
  for (const minute of minutes)
    await runRefresh(
      { id, job: 'job-1', signal: never },
      {
        ledger,
        log: silent,
        now: () => new Date(now.getTime() + minute * 60_000),
        refresh: (...given) => {
          attempts.push(minute);
          return refresh(...given);
        },
      },
    );
  return attempts;
}
const canStart = async (ledger: Ledger) =>
  (await ledger.claimEdition('weekly/2021-08-22', { job: 'job-2', now })) !== undefined;

test('a source that fails is tried three times within ten minutes, and then the edition is generated', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const early = await run(ledger, [0, 1], () => Promise.resolve([fails]));
  expect([early, await canStart(ledger)]).toEqual([[0, 1], false]);
  expect(await run(ledger, [5, 6, 7], () => Promise.resolve([fails]))).toEqual([5]);
  expect(await ledger.sourceStates()).toMatchObject([{ source: 'feed', failure: 'No answer.' }]);
  expect(await canStart(ledger)).toBe(true);
});

test.each<[string, SourceCheck[] | Error, number[]]>([
  ['works', [works], [0]],
  ['asks for a long pause', [{ ...fails, retryAfterSeconds: 3600 }], [0]],
  ['asks for a pause of eight minutes', [{ ...fails, retryAfterSeconds: 480 }], [0, 8]],
  ['cannot be checked at all', new Error('no settings'), [0, 8]],
])('a source that %s is tried as often as the time allows', async (_, result, attempts) => {
  await using ledger = await (await ledgers.fresh()).open();
  const refresh = () => (result instanceof Error ? Promise.reject(result) : Promise.resolve(result));
  // The third attempt of these would be too late.
  expect(await run(ledger, [0, 8, 12, 16], refresh)).toEqual(attempts);
  expect(await canStart(ledger)).toBe(true);
});

test('a clock that was ahead by months delays nothing once it is right', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const monthsAhead = 100_000;
  const asksForHours = { ...fails, retryAfterSeconds: 36_000 };
  const attempts = await run(ledger, [monthsAhead, 0], (_, { now: time }) =>
    Promise.resolve([time > now ? fails : asksForHours]),
  );
  expect(attempts).toEqual([monthsAhead, 0]);
  expect(await canStart(ledger)).toBe(true);
});

test('a refresh that crashes its process every time ends some day', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  await due(ledger);
  for (let time = 0; time < 20; time += 1) await ledger.claimRefresh(id, { job: 'job-1', now });
  expect(await run(ledger, [1], () => Promise.resolve([works]))).toEqual([]);
  expect(await canStart(ledger)).toBe(true);
});

test('a process that is stopped gives the refresh back', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  await due(ledger);
  const stop = new AbortController();
  const refresh = (_: string, { signal }: { signal: AbortSignal }) => {
    stop.abort(new Error('The process was stopped.'));
    return Promise.reject(signal.reason);
  };
  const given = { ledger, log: silent, now: () => now, refresh };
  await runRefresh({ id, job: 'job-1', signal: stop.signal }, given);
  expect(await canStart(ledger)).toBe(false);
  expect(await ledger.claimRefresh(id, { job: 'job-2', now })).toMatchObject({ attempt: 1 });
});

test('the scheduler asks for a refresh only if the dataset wants one, and once for several briefs', async () => {
  for (const isWanted of [true, false]) {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger);
    const schedules = {
      ...house.context,
      ...house.forDelivery,
      briefIds: () => Promise.resolve(['weekly', 'celebrations']),
      refreshesFirst: () => Promise.resolve(isWanted),
    };
    const openDue = openScheduler(schedules);
    await openDue(at('2021-08-16T12:00:00Z'));
    expect(await openDue(now)).toHaveLength(2);
    expect(await canStart(ledger)).toBe(!isWanted);
    const claimed = await ledger.claimRefresh(`afghanistan-2021 ${now.toISOString()}`, { job: 'job-1', now });
    expect(claimed === undefined).toBe(!isWanted);
    if (claimed) await ledger.settleRefresh(claimed, { outcome: 'ended', checks: [works] }, { now });
    if (isWanted) expect(await canStart(ledger)).toBe(true);
  }
});
