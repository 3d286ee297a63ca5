import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openEmbeddedLedger, restoreSnapshot } from '../../src/adapters/ledger/open.ts';
import { AppError } from '../../src/model/fault.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { isServer, useLedgers } from '../support/ledger.ts';
import { asked, claimed, delivering, mailTo, now } from '../support/ledger-samples.ts';

/** What only the ledger in a folder does: one process holds it, and its folder may be damaged. */
const ledgers = useLedgers();
const onError = (error: Error) => {
  throw error;
};
const open = (folder: string) => openEmbeddedLedger(folder, { onError });
const faultOf = (work: Promise<unknown>): Promise<AppError> =>
  work.then(
    () => Promise.reject(new Error('It did not fail.')),
    (error: unknown) => (error instanceof AppError ? error : Promise.reject(error)),
  );

/** Another process that opens the ledger; `opened` when it has. */
function otherProcess(folder: string) {
  const program = join(import.meta.dirname, '../support/ledger-process.ts');
  const child = spawn(process.execPath, [program, folder], { stdio: 'pipe' });
  const exit = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  return { process: child, exit, opened: once(child.stdout, 'data'), stderr: text(child.stderr) };
}

describe.skipIf(isServer)('a folder', () => {
  test('is held by one process, and its ledger is refused to another', async () => {
    const place = await ledgers.fresh();
    await using _ledger = await place.open();
    const other = otherProcess(place.at);
    expect((await other.exit)[0]).not.toBe(0);
    const said = await other.stderr;
    expect(said).toContain("code: 'ledger-in-use'");
    expect(said).toContain('Another sitrep holds this ledger. Stop it first');
  });

  test('is free again however its process ended, and nothing is lost', async () => {
    const place = await ledgers.fresh();
    const before = await place.open();
    await before.request([asked()], now);
    await before[Symbol.asyncDispose]();
    const other = otherProcess(place.at);
    await other.opened;
    expect(await faultOf(place.open())).toMatchObject({
      code: 'ledger-in-use',
      faults: [{ file: place.at }],
    });
    other.process.kill('SIGKILL');
    await other.exit;
    await using ledger = await place.open();
    expect(await ledger.edition(asked().id)).toMatchObject({ state: 'queued' });
  });

  test('opened again, it gives back what was in hand', async () => {
    const place = await ledgers.fresh();
    const first = await place.open();
    const ids = await delivering(first, mailTo('ana@example.org'), mailTo('ben@example.org', { hold: true }));
    for (const id of ids) await first.claimDelivery(id, { job: 'job', now });
    await claimed(first, { asOf: '2021-08-29' });
    await claimed(first, { asOf: '2021-09-05' });
    await first[Symbol.asyncDispose]();

    await using ledger = await place.open();
    expect(await ledger.deliveries({})).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: ids[0], state: 'sending', attempt: 1 }),
        expect.objectContaining({ id: ids[1], state: 'sending', attempt: 1 }),
      ]),
    );
    const taken: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const take = ({ id }: { id: string }) => {
      taken.push(id);
      if (taken.length === 4) resolve();
      return Promise.resolve();
    };
    await using _worker = await ledger.work({
      edition: take,
      delivery: take,
      editionsAtOnce: 1,
      deliveriesAtOnce: 1,
    });
    await promise;
    expect(new Set(taken)).toEqual(new Set([...ids, 'weekly/2021-08-29', 'weekly/2021-09-05']));
    // Older periods first, also after a restart.
    expect(taken.indexOf('weekly/2021-08-29')).toBeLessThan(taken.indexOf('weekly/2021-09-05'));
    const again = await ledger.claimDelivery(ids[0] ?? '', { job: 'job-2', now });
    expect(again?.interrupted).toBe(true);
    const claim = await ledger.claimEdition('weekly/2021-08-29', { job: 'job-2', now });
    expect(claim?.run).toBe(2);
    expect(await ledger.runs({ state: 'lost' })).toHaveLength(1);
  });

  test('what a process left half-made is cleared away', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'new-half/base'), { recursive: true });
    const ledger = await open(folder);
    await ledger[Symbol.asyncDispose]();
    expect((await readdir(folder)).toSorted()).toEqual(['data', 'lock']);
  });
});

describe.skipIf(isServer)('a snapshot', () => {
  const damages: { [name: string]: (data: string) => Promise<void> } = {
    'a file is cut off': (data) => truncate(join(data, 'global/pg_control'), 10),
    'the log is gone': (data) => rm(join(data, 'pg_wal'), { recursive: true }),
    'everything but the folder is gone': async (data) => {
      await rm(data, { recursive: true });
      await mkdir(data);
      await writeFile(join(data, 'PG_VERSION'), 'none');
    },
  };
  test.each(Object.keys(damages))('takes the place of a ledger when %s', async (name) => {
    const place = await ledgers.fresh();
    const ledger = await open(place.at);
    await ledger.request([asked()], now);
    await ledger.snapshot();
    await ledger.request([asked({ asOf: '2021-08-29' })], now);
    await ledger[Symbol.asyncDispose]();
    await damages[name]?.(join(place.at, 'data'));

    const fault = await faultOf(open(place.at));
    expect(fault).toMatchObject({
      code: 'ledger-unusable',
      faults: [{ file: place.at, mend: expect.stringContaining('sitrep restore') }],
    });
    const remains = await restoreSnapshot(place.at);
    expect(existsSync(remains ?? '')).toBe(true);
    await using restored = await open(place.at);
    expect((await restored.editions({})).map(({ id }) => id)).toEqual([asked().id]);
  });

  test('that is not there or is damaged leaves everything as it was', async () => {
    const place = await ledgers.fresh();
    const before = await readdir(place.at);
    expect(await faultOf(restoreSnapshot(place.at))).toMatchObject({
      code: 'ledger-unusable',
      faults: [{ problem: 'There is no snapshot to restore.' }],
    });
    await writeFile(join(place.at, 'snapshot.tar.gz'), 'no archive');
    expect(await faultOf(restoreSnapshot(place.at))).toMatchObject({
      code: 'ledger-unusable',
      faults: [{ problem: 'The snapshot is damaged and cannot be restored.' }],
    });
    expect((await readdir(place.at)).toSorted()).toEqual([...before, 'snapshot.tar.gz'].toSorted());
    await using _ledger = await place.open();
  });

  test('is restored into a folder where nothing is left', async () => {
    const place = await ledgers.fresh();
    const ledger = await open(place.at);
    await ledger.request([asked()], now);
    await ledger.snapshot();
    await ledger[Symbol.asyncDispose]();
    const folder = await temporaryFolder();
    await cp(join(place.at, 'snapshot.tar.gz'), join(folder, 'snapshot.tar.gz'));
    expect(await restoreSnapshot(folder)).toBeNull();
    await using restored = await open(folder);
    expect(await restored.editions({})).toHaveLength(1);
  });
});
