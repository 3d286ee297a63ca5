import { expect, test } from 'vitest';
import { countProblems, findProblems, openProblemAlerts, type Watched } from '../../src/editions/problems.ts';
import { openEditionService } from '../../src/editions/service.ts';
import { AppError } from '../../src/errors.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { openMetrics } from '../../src/server/metrics.ts';
import { type House, openHouse, operator } from '../support/house.ts';
import { asked, delivering, mailTo, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';

const ledgers = useLedgers();
const signal = new AbortController().signal;
const later = (hours: number): Date => new Date(now.getTime() + hours * 3_600_000);

const watchedIn = (house: House, change: Partial<Watched> = {}): Watched => ({
  ...house.context,
  now: () => house.time,
  freeBytes: () => Promise.resolve(1e9),
  ...change,
});
const codesIn = async (watched: Watched) => countProblems(await findProblems(watched));
const full: Partial<Watched> = { freeBytes: () => Promise.resolve(1e6) };

async function settle(
  ledger: Ledger,
  id: string,
  settlement: Parameters<Ledger['settleDelivery']>[1],
  at = now,
) {
  const claim = await ledger.claimDelivery(id, { job: `job-${at.getTime()}`, now: at });
  if (claim === undefined) throw new Error(`${id} could not be claimed.`);
  await ledger.settleDelivery(claim.delivery, settlement, { now: at, alert: null });
}

test('a service in order has no problems', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  expect(await codesIn(watchedIn(await openHouse(ledger)))).toEqual([]);
});

test('a brief that cannot be read is a problem, and so is one with an unreadable dataset', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger, { celebrations: (yaml) => yaml.replace('P7D', 'P7X') });
  const found = await findProblems(watchedIn(house));
  expect(found).toMatchObject([
    {
      id: 'brief-unreadable celebrations',
      says: expect.stringMatching(/celebrations\/brief\.yaml, line \d+ \(brief-invalid\)/),
    },
  ]);
  const fault = { file: 'data/x/events.csv', row: 4, problem: 'A secret is wrong.', hint: '' };
  const loadDataset = () => Promise.reject(new AppError('dataset-invalid', [fault]));
  const all = await findProblems(watchedIn(house, { loadDataset }));
  expect(countProblems(all)).toEqual([{ code: 'brief-unreadable', count: 5 }]);
  expect(JSON.stringify(all)).not.toContain('secret');
});

test('a slot that was issued with a clock far ahead is a problem, because nothing is due until then', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  const opening = { cursor: later(49), due: [], skipped: [] };
  await ledger.openSlots('weekly', { now, plan: () => opening });
  const [problem, ...others] = await findProblems(watchedIn(house));
  expect(problem).toMatchObject({ code: 'schedule-ahead', says: expect.stringContaining('weekly') });
  expect(others).toEqual([]);
  house.time = later(26);
  expect(await codesIn(watchedIn(house))).toEqual([]);
});

test('mail that nothing was accepted of for an hour is a problem; one slow recipient is none', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  const [ana = '', ben = ''] = await delivering(ledger, mailTo('ana@example.org'), mailTo('ben@example.org'));
  await settle(ledger, ana, { state: 'retried', reason: 'ECONNREFUSED', afterSeconds: 300 });
  house.time = later(0.9);
  expect(await codesIn(watchedIn(house))).toEqual([]);
  house.time = later(1.1);
  expect(await codesIn(watchedIn(house))).toEqual([{ code: 'mail-failing', count: 1 }]);
  await settle(ledger, ben, { state: 'sent', reason: '250' }, later(1.2));
  house.time = later(3);
  expect(await codesIn(watchedIn(house))).toEqual([]);
  expect(await ledger.deliveryHealth({ failedSince: now })).toMatchObject({ failed: 0, oldestWaiting: now });
});

test('a delivery that failed is a problem for a week', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  const [ana = ''] = await delivering(ledger, mailTo('ana@example.org'));
  await settle(ledger, ana, { state: 'bounced', reason: '550' });
  expect(await codesIn(watchedIn(house))).toEqual([{ code: 'delivery-failed', count: 1 }]);
  house.time = later(8 * 24);
  expect(await codesIn(watchedIn(house))).toEqual([]);
});

test('the operator is alerted of a problem once, through restarts, and again when it comes back', async () => {
  const place = await ledgers.fresh();
  const messages: House['messages'] = [];
  const round = async (change: Partial<Watched>) => {
    await using ledger = await place.open();
    const house = await openHouse(ledger);
    const alertOf = openProblemAlerts(house.forDelivery);
    for (let time = 0; time < 2; time += 1)
      await alertOf(await findProblems(watchedIn(house, change)), signal);
    messages.push(...house.messages);
  };
  await round(full);
  expect(messages).toMatchObject([
    {
      kind: 'alert',
      title: 'Sitrep: there is a problem',
      paragraphs: [expect.stringContaining('disk'), expect.stringContaining('once')],
    },
  ]);
  await round(full);
  expect(messages).toHaveLength(1);
  await round({});
  await round(full);
  expect(messages).toHaveLength(2);
});

test('while the mail server is dead, a problem goes another way, and mail is tried again later with the same id', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  const alertOf = openProblemAlerts(house.forDelivery);
  const look = async () => alertOf(await findProblems(watchedIn(house, full)), signal);
  house.answer = () => ({ outcome: 'deferred', reason: 'ECONNREFUSED' });
  await look();
  await look();
  expect(house.otherwise).toMatchObject([{ reason: 'ECONNREFUSED', isFirstTry: true }]);
  house.time = later(0.25);
  house.answer = () => ({ outcome: 'sent', reason: '250' });
  await look();
  await look();
  expect(house.messages).toHaveLength(2);
  expect(house.messages[1]?.id).toBe(house.messages[0]?.id);
});

test('a ledger that cannot be written, as on a full disk, does not keep the alert back or repeat it', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  const noSpace = Object.assign(new Error('could not extend file: No space left on device'), {
    code: 'ENOSPC',
  });
  const fullLedger: Ledger = { ...ledger, openProblems: () => Promise.reject(noSpace) };
  const alertOf = openProblemAlerts({ ...house.forDelivery, ledger: fullLedger, operator });
  for (let time = 0; time < 3; time += 1) await alertOf(await findProblems(watchedIn(house, full)), signal);
  expect(house.messages).toHaveLength(1);
});

test('a mail server that falls silent leaves time to report a problem another way', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  house.answer = (_, given) =>
    new Promise((_resolve, reject) => {
      given.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
  house.answerOtherwise = { outcome: 'sent', reason: 'HTTP 200' };
  const alertOf = openProblemAlerts(house.forDelivery, { timeoutMs: 20 });
  await alertOf(await findProblems(watchedIn(house, full)), signal);
  expect(house.otherwiseSignal?.aborted).toBe(false);
  await alertOf(await findProblems(watchedIn(house, full)), signal);
  expect(house.otherwise).toHaveLength(1);
});

test('a source that fails is a problem until it works again, and the operator hears of both once', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  const alertOf = openProblemAlerts(house.forDelivery);
  const metrics = openMetrics(ledger, {
    now: () => house.time,
    freeBytes: () => Promise.resolve(1e9),
    unreadableBriefs: () => 0,
  });
  /** The end of a refresh, some hours later, and what is seen of it. */
  const refreshed = async (hours: number, failures: { readonly [source: string]: string | null }) => {
    house.time = later(hours);
    const slot = house.time;
    await ledger.openSlots('weekly', {
      now,
      plan: () => ({ cursor: slot, due: [asked({ asOf: `2021-0${hours}-01`, slot })], skipped: [] }),
      refresh: 'incidents',
    });
    const id = `incidents ${slot.toISOString()}`;
    const claim = await ledger.claimRefresh(id, { job: 'job-1', now: slot });
    if (claim === undefined) throw new Error('The refresh could not be claimed.');
    const checks = Object.entries(failures).map(([source, failure]) => ({ source, failure }));
    await ledger.settleRefresh(claim, { outcome: 'ended', checks }, { now: slot });
    house.messages.length = 0;
    for (let time = 0; time < 3; time += 1) await alertOf(await findProblems(watchedIn(house)), signal);
    const values = (await metrics.read()).split('\n').filter((line) => line.startsWith('sitrep_source_'));
    return {
      codes: await codesIn(watchedIn(house)),
      messages: house.messages.map(({ title, paragraphs }) => [title, ...paragraphs]),
      failing: values.filter((line) => line.startsWith('sitrep_source_failing')),
      success: values.filter((line) => line.includes('timestamp')),
    };
  };
  const labels = (source: string) => `{dataset="incidents",source="${source}"}`;
  const seconds = (hours: number) => later(hours).getTime() / 1000;
  expect(await refreshed(1, { a: null, b: null })).toMatchObject({ codes: [], messages: [] });
  expect(await refreshed(2, { a: 'No such host.', b: null })).toEqual({
    codes: [{ code: 'source-failing', count: 1 }],
    messages: [
      [
        'Sitrep: there is a problem',
        expect.stringContaining(
          '“a” of the dataset incidents has been failing since 23 Aug 2021, 07:00 UTC. ',
        ),
        expect.stringContaining('once'),
      ],
    ],
    failing: [`sitrep_source_failing${labels('a')} 1`, `sitrep_source_failing${labels('b')} 0`],
    success: [
      `sitrep_source_last_success_timestamp${labels('a')} ${seconds(1)}`,
      `sitrep_source_last_success_timestamp${labels('b')} ${seconds(2)}`,
    ],
  });
  expect(await refreshed(3, { a: 'No such host.', b: null })).toMatchObject({ messages: [] });
  // One is over and another begins, in one message.
  const both = await refreshed(4, { a: null, b: 'HTTP 500.' });
  expect(both.codes).toEqual([{ code: 'source-failing', count: 1 }]);
  expect(both.messages).toEqual([
    [
      'Sitrep: there is a problem',
      expect.stringContaining('“a” of the dataset incidents works again'),
      expect.stringContaining('“b” of the dataset incidents has been failing'),
      expect.stringContaining('once'),
    ],
  ]);
  expect(await refreshed(5, { a: null, b: null })).toMatchObject({
    codes: [],
    messages: [['Sitrep: a source works again', expect.stringContaining('“b”')]],
  });
  // It fails anew: that is another failure.
  expect((await refreshed(6, { a: null, b: 'HTTP 500.' })).messages).toHaveLength(1);
  // What the web page lists is for operators.
  const caller = { name: 'x', clearance: 'TLP:RED' } as const;
  const service = openEditionService(house.context);
  expect(await service.sources({ ...caller, may: 'operate' })).toMatchObject([
    { source: 'a', failure: null },
    { source: 'b', failure: 'HTTP 500.' },
  ]);
  expect(await service.sources({ ...caller, may: 'read' })).toEqual([]);
});
