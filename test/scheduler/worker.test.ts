import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashOf } from '../../src/hash.ts';
import type { Heartbeat } from '../../src/scheduler/heartbeat.ts';
import { startWorker } from '../../src/scheduler/worker.ts';
import { deliverTo, openHouse, smallPdf } from '../support/house.ts';
import { asked, claimed, made, mailTo, now } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';

const ledgers = useLedgers();
const heartbeat: Heartbeat = () => ({ [Symbol.asyncDispose]: () => Promise.resolve() });

test('a worker that gives its work back waits neither for the browser nor for a silent server', async () => {
  await using ledger = await (await ledgers.fresh()).open();
  const house = await openHouse(ledger, { weekly: deliverTo('folder: archive') });
  const folder = join(house.out, 'celebrations/2021-08-22');
  await mkdir(folder, { recursive: true });
  const pdf = await smallPdf();
  await writeFile(join(folder, 'a.pdf'), pdf);
  const begun = { print: Promise.withResolvers<void>(), deliver: Promise.withResolvers<void>() };
  const silent = (what: keyof typeof begun, signal: AbortSignal) => {
    begun[what].resolve();
    const { promise, reject } = Promise.withResolvers<never>();
    signal.addEventListener('abort', () => reject(signal.reason));
    return promise;
  };
  house.print = (signal) => silent('print', signal);
  house.answer = (_, signal) => silent('deliver', signal);
  const giving = new AbortController();
  const worker = await startWorker({ ...house, heartbeat, giveBack: giving.signal });
  await ledger.request([asked()], now);
  const claim = await claimed(ledger, { brief: 'celebrations' });
  const making = { ...made(mailTo('ana@example.org')), folder, sha256: hashOf(pdf) };
  await ledger.settleEdition(claim, making, { now, alert: null });
  await Promise.all([begun.print.promise, begun.deliver.promise]);

  giving.abort(new Error('The process was stopped.'));
  await worker[Symbol.asyncDispose]();
  expect(await ledger.edition('weekly/2021-08-22')).toMatchObject({ state: 'queued' });
  expect(await ledger.runs({ edition: 'weekly/2021-08-22' })).toMatchObject([{ outcome: 'given-back' }]);
  expect(await ledger.deliveries({})).toMatchObject([
    // The far end had not taken anything over yet.
    { state: 'pending', reason: 'The process was stopped before sending.', mayHaveArrived: false },
  ]);
});
