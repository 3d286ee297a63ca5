import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AppError, type ErrorCode } from '../../src/errors.ts';
import { hashOf } from '../../src/hash.ts';
import type { Ledger } from '../../src/ledger/types.ts';
import { makeEdition } from '../../src/scheduler/make-edition.ts';
import { deliverTo, type House, openHouse, operator, scheduled, smallPdf } from '../support/house.ts';
import { asked, now, removeSettled } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';

const ledgers = useLedgers();
const never = new AbortController().signal;
const { id } = asked();

/** Takes the edition as a worker would, once for each job. */
async function make(house: House, { job = 'job-1', edition = id, signal = never } = {}) {
  await makeEdition({ id: edition, job, signal }, house.forEditions);
  return house.forEditions.ledger.edition(edition);
}
const alertsIn = async (ledger: Ledger) =>
  (await ledger.deliveries({})).map(({ address, content }) => ({ address, content }));

describe('an edition', () => {
  test('is made, kept, described and handed on to its targets', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const targets = ['folder: archive', '{ email: ana@example.org, clearance: TLP:RED, afterCrash: hold }'];
    const house = await openHouse(ledger, { weekly: deliverTo(...targets) });
    await ledger.request([asked()], now);
    const edition = await make(house);
    const folder = join(house.out, id);
    expect(edition).toMatchObject({ state: 'delivering', folder, pages: 1, attempt: 0 });
    expect(edition?.card).toMatchObject({
      title: 'Al-Qaeda, the Taliban and ISIS, weekly',
      issue: '2021-W33',
      marking: 'TLP:CLEAR',
      pdf: 'weekly-2021-08-22.pdf',
    });
    expect(edition?.card?.paragraphs.length).toBeGreaterThan(0);
    expect(edition?.sha256).toBe(hashOf(await readFile(join(folder, 'weekly-2021-08-22.pdf'))));
    const deliveries = await ledger.deliveries({ state: 'pending' });
    expect(deliveries.map(({ channel, address }) => `${channel} ${address}`).toSorted()).toEqual([
      'email ana@example.org',
      'folder archive',
    ]);
    expect(deliveries).toContainEqual(
      expect.objectContaining({
        target: expect.objectContaining({ afterCrash: 'hold', clearance: 'TLP:RED' }),
      }),
    );
    expect(await ledger.runs({})).toMatchObject([{ outcome: 'made' }]);
  });

  test('keeps its name and paper when those of its brief change', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger, { weekly: (yaml) => yaml.replace('paper: A4', 'paper: Letter') });
    const other = asked({ id: `${id}-Letter`, paper: 'Letter' });
    await ledger.request([asked(), other], now);
    for (const edition of [id, other.id]) {
      const made = await make(house, { edition, job: edition });
      expect(made).toMatchObject({ state: 'rendered', folder: join(house.out, edition) });
      expect(made?.card?.pdf).toBe(`${edition.replace('/', '-')}.pdf`);
    }
  });

  test('that is there already is not printed again', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger);
    await ledger.request([asked()], now);
    const first = await make(house);
    await removeSettled(ledger, new Date(now.getTime() + 1));
    await ledger.request([asked()], now);
    house.print = () => Promise.reject(new Error('It was printed.'));
    expect(await make(house)).toMatchObject({ state: 'rendered', sha256: first?.sha256 });
    expect(await ledger.runs({})).toMatchObject([{ outcome: 'unchanged' }]);
  });

  test('goes to folders alone, or nowhere, as it was asked for', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger, { weekly: deliverTo('email: ana@example.org', 'folder: archive') });
    const other = asked({ asOf: '2021-08-15', reach: 'none' });
    await ledger.request([asked({ reach: 'folders' }), other], now);
    await make(house);
    expect(await ledger.deliveries({})).toMatchObject([{ channel: 'folder' }]);
    expect(await make(house, { edition: other.id })).toMatchObject({ state: 'rendered' });
    expect(await ledger.deliveries({ edition: other.id })).toEqual([]);
  });

  test('above the clearance of a target is put on hold for that target', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const amber = (yaml: string) => yaml.replace('marking: TLP:CLEAR', 'marking: TLP:AMBER');
    const targets = deliverTo('{ folder: open }', '{ folder: closed, clearance: TLP:AMBER }');
    const house = await openHouse(ledger, { weekly: (yaml) => targets(amber(yaml)) });
    await ledger.request([asked()], now);
    await make(house);
    expect(await ledger.deliveries({ state: 'held' })).toMatchObject([
      { address: 'open', reason: 'The edition is marked TLP:AMBER and the target is cleared for TLP:CLEAR.' },
    ]);
    expect(await ledger.deliveries({ state: 'pending' })).toMatchObject([{ address: 'closed' }]);
  });
});

describe('what somebody has to fix', () => {
  test('blocks the edition at once, with all reasons, and alerts the operator', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger, {
      weekly: (yaml) =>
        yaml.replace('period: P7D', 'period: weekly').replace('marking: TLP:CLEAR', 'marking: SECRET'),
    });
    await ledger.request([asked()], now);
    const held = await make(house);
    expect(held).toMatchObject({ state: 'held', attempt: 1 });
    expect(held?.reason?.split('\n')).toEqual([
      expect.stringMatching(/weekly\/brief\.yaml, .*period/),
      expect.stringMatching(/weekly\/brief\.yaml, .*marking/),
    ]);
    expect(await alertsIn(ledger)).toEqual([{ address: operator, content: 'held' }]);
    expect(house.told.at(-1)).toMatchObject([
      'error',
      { edition: id, outcome: 'held' },
      'The edition was not made.',
    ]);
  });

  test('and reported again when it is blocked again', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger, { weekly: () => 'title: none\n' });
    await ledger.request([asked()], now);
    await make(house);
    const again = { from: ['held'], to: 'queued', reason: null, now } as const;
    await ledger.moveEdition(id, again);
    expect(await make(house, { job: 'job-2' })).toMatchObject({ state: 'held' });
    expect(await alertsIn(ledger)).toHaveLength(2);
  });

  test('is also a PDF that breaks the limits of its brief', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger, {
      weekly: (yaml) => yaml.replace(/^limits: .*$/m, 'limits: { pages: 4, megabytes: 0.0001, seconds: 60 }'),
    });
    await ledger.request([asked()], now);
    expect(await make(house)).toMatchObject({
      state: 'held',
      reason: expect.stringContaining('limits.megabytes'),
    });
  });

  test('is reported to nobody without an operator', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger, { weekly: () => 'title: none\n' });
    await ledger.request([asked()], now);
    await makeEdition({ id, job: 'job', signal: never }, { ...house.forEditions, operator: null });
    expect(await ledger.edition(id)).toMatchObject({ state: 'held' });
    expect(await ledger.deliveries({})).toEqual([]);
  });
});

describe('what may pass', () => {
  const fail = () =>
    Promise.reject(new AppError('print-failed', [{ problem: 'Printing failed.', hint: 'Try again.' }]));

  test('is tried again five times, and then failed for good', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger);
    house.print = fail;
    await ledger.request([asked()], now);
    for (let attempt = 1; attempt < 5; attempt += 1)
      expect(await make(house, { job: `job-${attempt}` })).toMatchObject({ state: 'queued', attempt });
    expect(await alertsIn(ledger)).toEqual([]);
    expect(await make(house, { job: 'job-5' })).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('weekly/brief.yaml: Printing failed. Try again.'),
    });
    expect(await alertsIn(ledger)).toEqual([{ address: operator, content: 'failed' }]);
    expect((await ledger.runs({})).map(({ outcome }) => outcome).toSorted()).toEqual([
      'failed',
      ...Array.from({ length: 4 }, () => 'retried'),
    ]);
  });

  test('waits for room on a full disk, and is made as soon as there is some', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger);
    const write = () => {
      const cause = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      const fault = { file: 'output', problem: 'The edition cannot be written.', hint: 'Make room.' };
      return Promise.reject(new AppError('output-unwritable', [fault], { cause }));
    };
    const full = {
      ...house,
      forEditions: { ...house.forEditions, store: { ...house.forEditions.store, write } },
    };
    await ledger.request([asked()], now);
    for (let attempt = 1; attempt <= 7; attempt += 1)
      expect(await make(full, { job: `job-${attempt}` })).toMatchObject({ state: 'queued', attempt });
    expect(await make(house, { job: 'job-8' })).toMatchObject({ state: 'rendered' });
    expect(await alertsIn(ledger)).toEqual([]);
  });

  /** Its charts fail with these codes, one each, and from then on with the last of them. */
  const failing = (house: House, ...codes: [ErrorCode, ...ErrorCode[]]): House => {
    const left = codes.values();
    let code = codes[0];
    const drawChart = () => {
      code = left.next().value ?? code;
      return Promise.reject(new AppError(code, [{ problem: code, hint: 'Wait.' }]));
    };
    return {
      ...house,
      forEditions: { ...house.forEditions, effects: { ...house.forEditions.effects, drawChart } },
    };
  };

  test('a chart that may succeed later is tried again; a fault in its spec blocks the edition', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger);
    await ledger.request([asked()], now);
    expect(await make(failing(house, 'chart-unfinished'), { job: 'one' })).toMatchObject({ state: 'queued' });
    const wrong = failing(house, 'chart-slow', 'chart-failed');
    expect(await make(wrong, { job: 'two' })).toMatchObject({
      state: 'held',
      reason: expect.stringMatching(/chart-slow[^]*chart-failed/),
    });
  });

  test('a chart that takes too long is tried once more and then blocks its edition, since all others wait for it', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger);
    await ledger.request([asked()], now);
    const slow = failing(house, 'chart-slow', 'chart-unfinished');
    expect(await make(slow, { job: 'one' })).toMatchObject({ state: 'queued' });
    // Other bad luck in between, and a process that is lost, do not count as a slow chart.
    expect(await make(failing(house, 'chart-unfinished'), { job: 'two' })).toMatchObject({ state: 'queued' });
    house.print = fail;
    expect(await make(house, { job: 'three' })).toMatchObject({ state: 'queued' });
    await ledger.claimEdition(id, { job: 'four', now });
    expect(await alertsIn(ledger)).toEqual([]);
    expect(await make(failing(house, 'chart-slow'), { job: 'four' })).toMatchObject({
      state: 'held',
      reason: expect.stringContaining('chart-slow'),
    });
    expect(await alertsIn(ledger)).toEqual([{ address: operator, content: 'held' }]);
    // Whoever mended the spec has it made again, and starts anew.
    house.time = new Date(now.getTime() + 60_000);
    await ledger.moveEdition(id, { from: ['held'], to: 'queued', reason: null, now: house.time });
    expect(await make(failing(house, 'chart-slow'), { job: 'five' })).toMatchObject({ state: 'queued' });
    house.print = smallPdf;
    expect(await make(house, { job: 'six' })).toMatchObject({ state: 'rendered' });
  });

  test('counts failures alone: an edition that was interrupted ten times is still tried again', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger);
    house.print = fail;
    await ledger.request([asked()], now);
    for (let lost = 0; lost < 10; lost += 1) await ledger.claimEdition(id, { job: 'job', now });
    expect(await make(house, { job: 'job' })).toMatchObject({ state: 'queued', attempt: 11 });
    expect(await ledger.claimEdition(id, { job: 'next', now })).toMatchObject({ failures: ['print-failed'] });
  });

  test('passes', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger);
    house.print = fail;
    await ledger.request([asked()], now);
    await make(house);
    house.print = smallPdf;
    expect(await make(house, { job: 'job-2' })).toMatchObject({
      state: 'rendered',
      attempt: 0,
      reason: null,
    });
  });
});

test('a stop gives the edition back', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  const stop = new AbortController();
  house.print = (signal) => {
    stop.abort(new Error('The process was stopped.'));
    return Promise.reject(signal.reason);
  };
  await ledger.request([asked()], now);
  expect(await make(house, { signal: stop.signal })).toMatchObject({
    state: 'queued',
    reason: 'The process was stopped.',
  });
  expect(await ledger.runs({})).toMatchObject([{ outcome: 'given-back' }]);
  expect(await alertsIn(ledger)).toEqual([]);
});

test('an edition that takes its process down again and again fails for good, and the operator hears of it', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger);
  await ledger.request([asked()], now);
  for (let lost = 1; lost <= 100; lost += 1) await ledger.claimEdition(id, { job: 'job', now });
  expect(await make(house, { job: 'job' })).toMatchObject({
    state: 'failed',
    reason: 'It was started 100 times and never finished. It may need too much memory.',
  });
  expect(await alertsIn(ledger)).toEqual([{ address: operator, content: 'failed' }]);
});

test('what was cancelled meanwhile is not handed on', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger, { weekly: deliverTo('folder: archive') });
  await ledger.request([asked()], now);
  house.print = async () => {
    await ledger.moveEdition(id, { from: ['rendering'], to: 'cancelled', reason: 'Enough.', now });
    return smallPdf();
  };
  expect(await make(house)).toMatchObject({ state: 'cancelled', reason: 'Enough.' });
  expect(await ledger.deliveries({})).toEqual([]);
  expect(house.told.at(-1)?.[2]).toBe('The edition was cancelled or taken over meanwhile.');
  await make(house);
  expect(await ledger.runs({})).toHaveLength(1);
});

describe('a period that brought nothing', () => {
  const unrecorded =
    'No new reporting from 21 June 2021 to 27 June 2021. No collection is on record for this period: ' +
    'the absence of reports does not mean that nothing happened.';
  const uncovered =
    'Nothing was collected from 30 August 2021 to 5 September 2021. Collection ended on 25 August 2021: ' +
    'the absence of reports does not mean that nothing happened.';

  test.each([
    ['2021-06-27', unrecorded],
    ['2021-09-05', uncovered],
  ])('ending on %s is skipped, and says why', async (asOf, reason) => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger, { 'isis-quieting': scheduled('whenNothingNew: skip') });
    const edition = asked({ brief: 'isis-quieting', asOf });
    await ledger.request([edition], now);
    expect(await make(house, { edition: edition.id })).toMatchObject({ state: 'skipped', reason });
    expect(await ledger.runs({})).toMatchObject([{ outcome: 'skipped', reason }]);
  });

  test.each([
    ['2021-06-27', unrecorded],
    ['2021-09-05', uncovered],
  ])('ending on %s is told in a notice', async (asOf, paragraph) => {
    await using ledger = await (await ledgers.fresh()).open();
    const notice = scheduled('whenNothingNew: notice');
    const house = await openHouse(ledger, {
      'isis-quieting': (yaml) => deliverTo('folder: archive')(notice(yaml)),
    });
    const edition = asked({ brief: 'isis-quieting', asOf });
    await ledger.request([edition], now);
    expect(await make(house, { edition: edition.id })).toMatchObject({
      state: 'delivering',
      folder: null,
      card: { paragraphs: [paragraph], pdf: null },
    });
    expect(await ledger.deliveries({})).toMatchObject([{ content: 'notice', address: 'archive' }]);
  });

  test('is issued all the same where the brief says so, and where somebody asks for it', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger, { 'isis-quieting': scheduled('whenNothingNew: skip') });
    const asOf = '2021-06-27';
    const backfill = asked({ brief: 'isis-quieting', asOf, origin: 'backfill', slot: null });
    const issued = asked({ brief: 'celebrations', asOf });
    await ledger.request([backfill, issued], now);
    expect(await make(house, { edition: backfill.id })).toMatchObject({ state: 'rendered', pages: 1 });
    expect(await make(house, { edition: issued.id })).toMatchObject({ state: 'rendered', pages: 1 });
  });

  test('is none when something new became known', async () => {
    await using ledger = await (await ledgers.fresh()).open();
    const house = await openHouse(ledger, { weekly: scheduled('whenNothingNew: skip') });
    await ledger.request([asked()], now);
    expect(await make(house)).toMatchObject({ state: 'rendered' });
  });
});
