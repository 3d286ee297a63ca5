import { expect, test } from 'vitest';
import { countProblems, findProblems, openProblemAlerts, type Watched } from '../../src/editions/problems.ts';
import { AppError } from '../../src/errors.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { type House, openHouse, operator } from '../support/house.ts';
import { delivering, mailTo, now } from '../support/ledger-samples.ts';
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
      stops: false,
    },
  ]);
  const fault = { file: 'data/x/events.csv', row: 4, problem: 'A secret is wrong.', hint: '' };
  const loadDataset = () => Promise.reject(new AppError('dataset-invalid', [fault]));
  const all = await findProblems(watchedIn(house, { loadDataset }));
  expect(countProblems(all)).toEqual([{ code: 'brief-unreadable', count: 5 }]);
  expect(JSON.stringify(all)).not.toContain('secret');
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
  house.answer = () => ({ outcome: 'sent', detail: '250' });
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
  house.answerOtherwise = { outcome: 'sent', detail: 'HTTP 200' };
  const alertOf = openProblemAlerts(house.forDelivery, { timeoutMs: 20 });
  await alertOf(await findProblems(watchedIn(house, full)), signal);
  expect(house.otherwiseSignal?.aborted).toBe(false);
  await alertOf(await findProblems(watchedIn(house, full)), signal);
  expect(house.otherwise).toHaveLength(1);
});
