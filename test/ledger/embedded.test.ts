import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { restoreSnapshot } from '../../src/ledger/embedded/folder.ts';
import { openEmbeddedLedger } from '../../src/ledger/open.ts';
import { copyFolder } from '../support/copy.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { asked, claimed, delivering, mailTo, now, removeSettled } from '../support/ledger-samples.ts';
import { isServer, useLedgers } from '../support/ledger.ts';
import { copyNewLedger } from '../support/new-ledger.ts';

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
function otherProcess(folder: string, user: { uid?: number; gid?: number } = {}) {
  const program = join(import.meta.dirname, '../support/ledger-process.ts');
  const child = spawn(process.execPath, [program, folder], { stdio: 'pipe', ...user });
  const exit = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  return { process: child, exit, opened: once(child.stdout, 'data'), stderr: text(child.stderr) };
}

describe.skipIf(isServer)('a folder', () => {
  test('is used by one process, and its ledger is refused to another', async () => {
    const place = await ledgers.ofItsOwn();
    await using _ledger = await place.open();
    const other = otherProcess(place.at);
    expect((await other.exit)[0]).not.toBe(0);
    const said = await other.stderr;
    expect(said).toContain("code: 'ledger-in-use'");
    expect(said).toContain('Another sitrep uses this ledger. Stop it first');
  });

  test('is free again however its process ended, and nothing is lost', async () => {
    const place = await ledgers.ofItsOwn();
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

  test('gives unfinished work back when it is opened again', async () => {
    const place = await ledgers.ofItsOwn();
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
      refresh: () => Promise.resolve(),
      refreshesAtOnce: 1,
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

  test('with a lock file that is none says so, and how to go on', async () => {
    const place = await ledgers.ofItsOwn();
    const lock = join(place.at, 'lock');
    await writeFile(lock, randomBytes(5000));
    const fault = await faultOf(open(place.at));
    expect(fault).toMatchObject({ code: 'ledger-unusable', faults: [{ file: lock }] });
    expect(fault.faults[0]?.hint).toContain('Delete it');
    await rm(lock);
    expect(await editionsIn(place.at)).toBe(0);
  });

  test('with damaged pages is refused in a few words', async () => {
    const place = await ledgers.ofItsOwn();
    let pages = 0;
    const base = join(place.at, 'data/base');
    for (const file of await readdir(base, { recursive: true, withFileTypes: true })) {
      // The tables of the ledger come after those of the system.
      if (!file.isFile() || !(Number(file.name) >= 16_384)) continue;
      const path = join(file.parentPath, file.name);
      const { size } = await stat(path);
      await writeFile(path, randomBytes(size));
      pages += size / 8192;
    }
    expect(pages).toBeGreaterThan(10);
    const fault = await faultOf(open(place.at));
    expect(fault).toMatchObject({
      code: 'ledger-unusable',
      faults: [
        { problem: expect.stringContaining('invalid page'), hint: expect.stringContaining('sitrep restore') },
      ],
    });
    expect(fault.message.length).toBeLessThan(500);
  });
});

let original: string | undefined;
afterAll(async () => {
  if (original !== undefined) await rm(original, { recursive: true });
});

/** The folder of a closed ledger with two editions, and a snapshot of it with one. Each test gets its own copy. */
async function prepare(): Promise<string> {
  if (original === undefined) {
    original = await mkdtemp(join(tmpdir(), 'sitrep-test-'));
    await copyNewLedger(original);
    await using ledger = await open(original);
    await ledger.request([asked()], now);
    await ledger.snapshot();
    await ledger.request([asked({ asOf: '2021-08-29' })], now);
  }
  const folder = await temporaryFolder();
  copyFolder(original, folder);
  return folder;
}

/** How many editions are in the ledger of a folder. */
async function editionsIn(folder: string): Promise<number> {
  await using ledger = await open(folder);
  return (await ledger.editions({})).length;
}

/** Runs a task on the ledger of a folder; gives the folder as a kill before each of its steps leaves it, and at the end. */
async function statesDuring(task: 'restore' | 'snapshot', folder: string): Promise<string[]> {
  const into = await temporaryFolder();
  const program = join(import.meta.dirname, '../support/ledger-steps.ts');
  await promisify(execFile)(process.execPath, [program, folder, task, into]);
  const states = (await readdir(into)).map((_, index) => join(into, String(index + 1)));
  return states;
}

describe.skipIf(isServer)('killed before any of its steps', () => {
  test('a restore leaves the ledger that was there, or the restored one', { timeout: 300_000 }, async () => {
    const folder = await prepare();
    await mkdir(join(folder, 'new-half'));
    const found: number[] = [];
    for (const state of await statesDuring('restore', folder)) found.push(await editionsIn(state));
    expect(found.length).toBeGreaterThan(4);
    expect(found.slice(0, 2)).toEqual([2, 2]);
    expect(found.at(-1)).toBe(1);
    expect(new Set(found)).toEqual(new Set([1, 2]));
  });

  test('a snapshot leaves the one before, or itself, and a fuller one', { timeout: 300_000 }, async () => {
    const folder = await prepare();
    // An empty ledger beside a snapshot with two editions.
    const later = await open(folder);
    await later.snapshot();
    await later[Symbol.asyncDispose]();
    const fuller = await readFile(join(folder, 'snapshot.tar.gz'));
    await rm(join(folder, 'data'), { recursive: true });
    const { at: emptyLedger } = await ledgers.ofItsOwn();
    copyFolder(join(emptyLedger, 'data'), join(folder, 'data'));
    const states = await statesDuring('snapshot', folder);
    expect(states.length).toBeGreaterThan(5);
    for (const state of states) {
      const kept = await Promise.all(
        ['snapshot.tar.gz', 'fuller-snapshot-2.tar.gz'].map((name) =>
          readFile(join(state, name)).catch(() => undefined),
        ),
      );
      expect(kept.some((content) => content?.equals(fuller))).toBe(true);
      // A snapshot that is cut off cannot be unpacked.
      expect(gunzipSync(kept[0] ?? '').length).toBeGreaterThan(1_000_000);
    }
  });
});

describe.skipIf(isServer)('a ledger that is missing', () => {
  test('beside its snapshot is refused, with both ways out', async () => {
    const removed = await prepare();
    await rm(join(removed, 'data'), { recursive: true });
    const emptied = await temporaryFolder();
    copyFolder(removed, emptied);
    await mkdir(join(emptied, 'data'));
    for (const at of [removed, emptied]) {
      const { code, faults } = await faultOf(open(at));
      expect(code).toBe('ledger-unusable');
      expect(faults[0]?.hint).toContain('sitrep restore');
      expect(faults[0]?.hint).toContain('move snapshot.tar.gz');
    }
    expect(await restoreSnapshot(removed)).toBeNull();
    expect(await editionsIn(removed)).toBe(1);

    // Where nothing speaks of an older ledger, one is created, and what a process left half-made is cleared away.
    await rename(join(emptied, 'snapshot.tar.gz'), join(emptied, 'old.tar.gz'));
    for (const half of ['new-half', 'empty-half'])
      await mkdir(join(emptied, half, 'base'), { recursive: true });
    expect(await editionsIn(emptied)).toBe(0);
    expect((await readdir(emptied)).toSorted()).toEqual(['data', 'lock', 'old.tar.gz', 'snapshot.json']);
  });

  test('beside the remains of a restore is refused too', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'damaged-1'));
    expect(await faultOf(open(folder))).toMatchObject({ code: 'ledger-unusable' });
  });

  /** The first edition was killed as it restored: its only copy was never moved into place. */
  async function killedInRestore(): Promise<string> {
    const at = await prepare();
    await rm(join(at, 'snapshot.tar.gz'));
    await rename(join(at, 'data'), join(at, 'new-restored'));
    return at;
  }

  test('beside what may be its only copy is refused, with both ways out', async () => {
    const folder = await killedInRestore();
    const { code, faults } = await faultOf(open(folder));
    expect(code).toBe('ledger-unusable');
    expect(faults).toMatchObject([
      {
        problem: expect.stringContaining('new-restored beside it may be the only copy'),
        hint: expect.stringMatching(/^Rename new-restored to "data" .* move it out of the folder/),
      },
    ]);
    // Without it the folder is empty, and a new ledger begins there, as above.
    await rename(join(folder, 'new-restored'), join(folder, 'data'));
    expect(await editionsIn(folder)).toBe(2);
  });

  test('a restore keeps what may be its only copy', async () => {
    const folder = await killedInRestore();
    await copyFile(join(await prepare(), 'snapshot.tar.gz'), join(folder, 'snapshot.tar.gz'));
    await restoreSnapshot(folder);
    expect(await editionsIn(folder)).toBe(1);
    const [kept = '', ...others] = (await readdir(folder)).filter((name) => name.startsWith('damaged-'));
    expect(others).toEqual([]);
    expect(existsSync(join(folder, kept, 'global/pg_control'))).toBe(true);
  });
});

describe.skipIf(isServer)('the disk', () => {
  const isRoot = process.getuid?.() === 0;
  const SERVICE = 65_534;
  /** Commands of the system run on small file systems of their own. */
  async function mounted(options: string): Promise<string> {
    const folder = await temporaryFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
    onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
    return folder;
  }
  const canMount = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0;
  const full = { code: 'ledger-unavailable', faults: [{ problem: 'The disk is full.' }] };

  test.runIf(canMount)('that is full at the first start is named, and nothing is left on it', async () => {
    const folder = await mounted('size=20m');
    expect(await faultOf(open(join(folder, 'ledger')))).toMatchObject(full);
    expect(await readdir(join(folder, 'ledger'))).toEqual(['lock']);
  });

  test.runIf(canMount)('that is full later is named, and the ledger goes on when there is room', async () => {
    const folder = await mounted('size=120m');
    await copyNewLedger(folder);
    await using ledger = await open(folder);
    await ledger.request([asked()], now);
    const filler = join(folder, 'filler');
    await writeFile(filler, new Uint8Array(120 * 1024 * 1024)).catch(() => {});
    expect(await faultOf(ledger.snapshot())).toMatchObject(full);
    const many = Array.from({ length: 20_000 }, (_, index) => asked({ brief: `b${index}` }));
    expect(await faultOf(ledger.request(many, now))).toMatchObject(full);
    await rm(filler);
    await ledger.request([asked({ asOf: '2021-08-29' })], now);
    expect(await ledger.editions({})).toHaveLength(2);
  });

  test.runIf(canMount)('that is full at a later start is named, and no restore is asked for', async () => {
    const { at } = await ledgers.ofItsOwn();
    const folder = await mounted('size=100m');
    copyFolder(at, folder);
    await writeFile(join(folder, 'filler'), new Uint8Array(100 * 1024 * 1024)).catch(() => {});
    const fault = await faultOf(open(folder).then((ledger) => ledger.request([asked()], now)));
    expect(fault).toMatchObject(full);
    expect(fault.message).not.toContain('sitrep restore');
  });

  test.runIf(canMount)('that is read-only is named', async () => {
    const folder = await mounted('size=20m');
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    expect(await faultOf(open(join(folder, 'ledger')))).toMatchObject({
      code: 'ledger-unavailable',
      faults: [{ problem: 'The file system is read-only.' }],
    });
  });

  test('with a file in the place of the folder is named', async () => {
    const file = join(await temporaryFolder(), 'output');
    await writeFile(file, '');
    expect(await faultOf(open(join(file, 'ledger')))).toMatchObject({
      code: 'ledger-unavailable',
      faults: [{ problem: 'The ledger needs a folder in this place, and there is a file.' }],
    });
  });

  test('where this user may write nothing is named', async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o555);
    // Root may write everywhere, so that another user has to try.
    const child = otherProcess(join(folder, 'ledger'), isRoot ? { uid: SERVICE, gid: SERVICE } : {});
    expect((await child.exit)[0]).not.toBe(0);
    const said = await child.stderr;
    expect(said).toContain("code: 'ledger-unavailable'");
    expect(said).toMatch(/It belongs to .*, and user \d+ may not write it/);
  });

  /** A ledger that belongs to another user, as a service has one. */
  async function ofService(): Promise<string> {
    const { at } = await ledgers.ofItsOwn();
    execFileSync('chown', ['-R', `${SERVICE}:${SERVICE}`, at]);
    return at;
  }

  test.runIf(isRoot)('names a file of another user, and how to give it back', async () => {
    const at = await ofService();
    const file = join(at, 'data/global/pg_control');
    await chown(file, 0, 0);
    await chmod(file, 0o600);
    const child = otherProcess(at, { uid: SERVICE, gid: SERVICE });
    expect((await child.exit)[0]).not.toBe(0);
    const said = await child.stderr;
    expect(said).toContain("code: 'ledger-unavailable'");
    expect(said).toContain('pg_control: It belongs to root');
    expect(said).toContain(`sudo chown -R ${SERVICE} ${at}`);
  });

  test.runIf(isRoot)('keeps its owner when root uses the ledger', async () => {
    const at = await ofService();
    const ledger = await open(at);
    await ledger.request([asked()], now);
    await ledger.snapshot();
    await ledger[Symbol.asyncDispose]();
    const names = await readdir(at, { recursive: true });
    expect(names).toContain('snapshot.tar.gz');
    const owners = await Promise.all(names.map(async (name) => (await stat(join(at, name))).uid));
    expect(new Set(owners)).toEqual(new Set([SERVICE]));
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
  test('takes the place of a damaged ledger, which is kept', async () => {
    let at = '';
    for (const [name, damage] of Object.entries(damages)) {
      at = await prepare();
      await damage(join(at, 'data'));
      expect(await faultOf(open(at)), name).toMatchObject({
        code: 'ledger-unusable',
        faults: [{ file: at, hint: expect.stringContaining('sitrep restore') }],
      });
    }
    // Of the last one only this file was left.
    const remains = await restoreSnapshot(at);
    expect(await readdir(remains ?? '')).toEqual(['PG_VERSION']);
    await using restored = await open(at);
    expect((await restored.editions({})).map(({ id }) => id)).toEqual([asked().id]);
  });

  test('that is not there or is damaged leaves everything as it was', async () => {
    const place = await ledgers.ofItsOwn();
    const before = await readdir(place.at);
    expect(await faultOf(restoreSnapshot(place.at))).toMatchObject({
      code: 'ledger-unusable',
      faults: [{ problem: 'There is no snapshot to restore.' }],
    });
    const archive = gzipSync(randomBytes(5000));
    for (const content of ['no archive', '', archive, archive.subarray(0, 2000), randomBytes(5000)]) {
      await writeFile(join(place.at, 'snapshot.tar.gz'), content);
      expect(await faultOf(restoreSnapshot(place.at))).toMatchObject({
        code: 'ledger-unusable',
        faults: [{ problem: 'The snapshot is damaged and cannot be restored.' }],
      });
    }
    expect((await readdir(place.at)).toSorted()).toEqual([...before, 'snapshot.tar.gz'].toSorted());
    await using _ledger = await place.open();
  });

  test('with more editions than the ledger is kept, unless they were removed on purpose', async () => {
    const place = await ledgers.ofItsOwn();
    const told: string[] = [];
    const openAgain = () =>
      openEmbeddedLedger(place.at, { onError: ({ message }) => void told.push(message) });
    const ledger = await openAgain();
    for (const asOf of ['2021-08-22', '2021-08-29']) {
      const claim = await claimed(ledger, { asOf });
      const later = { now: asOf === '2021-08-22' ? now : new Date('2022-01-01'), alert: null };
      await ledger.settleEdition(claim, { outcome: 'failed', reason: 'A test.' }, later);
    }
    await ledger.snapshot();
    expect(await removeSettled(ledger, new Date('2021-12-01'))).toHaveLength(1);
    await ledger.snapshot();
    await ledger[Symbol.asyncDispose]();
    expect(told).toEqual([]);

    // Somebody puts an older, empty ledger in its place.
    const { at: older } = await ledgers.ofItsOwn();
    await rm(join(place.at, 'data'), { recursive: true });
    copyFolder(join(older, 'data'), join(place.at, 'data'));
    const emptied = await openAgain();
    await emptied.snapshot();
    await emptied.snapshot();
    await emptied[Symbol.asyncDispose]();
    const kept = join(place.at, 'fuller-snapshot-1.tar.gz');
    expect(told).toEqual([expect.stringContaining(kept)]);
    await copyFile(kept, join(place.at, 'snapshot.tar.gz'));
    await restoreSnapshot(place.at);
    expect(await editionsIn(place.at)).toBe(1);
  });
});
