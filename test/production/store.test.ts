import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { AppError } from '../../src/errors.ts';
import { tryLock } from '../../src/file-lock.ts';
import {
  markDelivered,
  readEdition,
  readEditionFile,
  removeEditions,
  storeEdition,
  tidyEditions,
} from '../../src/production/store.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { namespace } from '../support/namespace.ts';
import { sampleEdition } from '../support/sample-edition.ts';

const edition = sampleEdition;
const storeProcess = join(import.meta.dirname, '../support/store-process.ts');
const store = (folder: string, text: string) => {
  const { files, description } = edition(text);
  return storeEdition(folder, files, description);
};
const mark = (folder: string, text: string) => markDelivered(folder, edition(text).pdf);
/** What lies beside an edition, but for the folder with the lock. */
const namesIn = async (folder: string) => (await readdir(folder)).filter((name) => name !== '.store');
/** The files of an edition and what they hold, but for the manifest. */
const contentsOf = async (folder: string) => {
  const names = (await readdir(folder)).filter((name) => name !== 'manifest.json').toSorted();
  return Promise.all(names.map(async (name) => `${name}: ${await readFile(join(folder, name), 'utf8')}`));
};
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof AppError ? error.code : error),
  );

test('what is stored is read back, and nothing else is left behind', async () => {
  const out = await temporaryFolder();
  const folder = join(out, 'brief/2021-08-25');
  expect(await readEdition(folder)).toBeUndefined();
  await store(folder, 'one');
  expect(await readEdition(folder)).toEqual(edition('one').description);
  await store(folder, 'two');
  expect(await readEdition(folder)).toEqual(edition('two').description);
  expect(await contentsOf(folder)).toEqual(['a.html: html of two', 'a.pdf: pdf of two']);
  expect(await namesIn(join(out, 'brief'))).toEqual(['2021-08-25']);
});

test('a file that the new edition does not have does not stay from the old one', async () => {
  const folder = join(await temporaryFolder(), 'a');
  await store(folder, 'one');
  const { files, description } = edition('two');
  const fewer = files.slice(0, 1);
  await storeEdition(folder, fewer, { ...description, files: description.files.slice(0, 1) });
  expect(await contentsOf(folder)).toEqual(['a.pdf: pdf of two']);
});

test.each([
  ['a file was changed', (folder: string) => writeFile(join(folder, 'a.html'), 'edited')],
  ['a file was removed', (folder: string) => rm(join(folder, 'a.pdf'))],
  ['the manifest was removed', (folder: string) => rm(join(folder, 'manifest.json'))],
  ['the manifest was cut off', (folder: string) => writeFile(join(folder, 'manifest.json'), '{"brief":')],
  ['the manifest is of another kind', (folder: string) => writeFile(join(folder, 'manifest.json'), '{}')],
])('an edition counts as absent when %s', async (_, spoil) => {
  const folder = join(await temporaryFolder(), 'a');
  await store(folder, 'one');
  await spoil(folder);
  expect(await readEdition(folder)).toBeUndefined();
});

test('a file that cannot be written leaves the old edition as it was', async () => {
  const out = await temporaryFolder();
  const folder = join(out, 'a');
  await store(folder, 'one');
  const { files, description } = edition('two');
  // One file goes into a folder that is not there: root, too, cannot write it.
  const failing = [...files, { name: 'missing/b.html', content: '' }];
  expect(await codeOf(storeEdition(folder, failing, description))).toBe('output-unwritable');
  expect(await readEdition(folder)).toEqual(edition('one').description);
  expect(await namesIn(out)).toEqual(['a']);
});

test('an edition that cannot be put in its place leaves nothing half-written', async () => {
  const out = await temporaryFolder();
  const folder = join(out, 'a');
  await store(folder, 'one');
  // A name that is too long for its neighbour: the old one is not there, and the new one cannot be.
  const tooLong = join(out, 'x'.repeat(300));
  expect(await codeOf(store(tooLong, 'two'))).toBe('output-unwritable');
  expect(await namesIn(out)).toEqual(['a']);
});

test('an output folder that is a file is named, with a way out', async () => {
  const out = join(await temporaryFolder(), 'output');
  await writeFile(out, 'not a folder');
  const error = await store(join(out, 'brief/2021-08-25'), 'one').catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: 'output-unwritable',
    faults: [{ file: join(out, 'brief/2021-08-25'), hint: expect.stringContaining('--out') }],
  });
  expect(await readFile(out, 'utf8')).toBe('not a folder');
});

test.runIf(process.platform === 'linux').for([
  ['is full', 'size=16k', /the disk is full \(ENOSPC/],
  ['is read-only', 'ro', /it is on a read-only file system \(EROFS/],
] as const)(
  'an output folder whose disk %s is named, with a way out',
  async ([, options, reason], context) => {
    const [program, ...kind] = namespace(['--mount'], context);
    const out = await temporaryFolder();
    const mounted = 'mount -t tmpfs -o "$0" none "$1" && exec "$2" "$3" store "$1/brief/a" "$4"';
    const values = [options, out, process.execPath, storeProcess, 'x'.repeat(60_000)];
    const child = spawn(program, [...kind, 'sh', '-c', mounted, ...values]);
    const said = await readText(child.stderr);
    expect(said).toMatch(reason);
    expect(said).toContain(`${join(out, 'brief/a')}: The edition cannot be written`);
    expect(said).toContain('Choose another folder with --out');
  },
);

test('an output folder that this user may not write is named, with a way out', async () => {
  const out = await temporaryFolder();
  await chmod(out, 0o555);
  // Root may write everywhere, so that another user has to try.
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const child = spawn(process.execPath, [storeProcess, 'store', join(out, 'brief/a'), 'one'], user);
  const said = await readText(child.stderr);
  expect(said).toContain(`${join(out, 'brief/a')}: The edition cannot be written: this user may not write`);
  expect(said).toMatch(/\(EACCES: .*correct the permissions of the folder/);
});

test('a file in the place of the edition is replaced, as an edition is', async () => {
  const out = await temporaryFolder();
  await mkdir(join(out, 'brief'));
  await writeFile(join(out, 'brief/a'), 'in the way');
  await store(join(out, 'brief/a'), 'one');
  expect(await readEdition(join(out, 'brief/a'))).toEqual(edition('one').description);
  expect(await namesIn(join(out, 'brief'))).toEqual(['a']);
});

test('of many that store the same edition at once, one is there in the end, and whole', async () => {
  const out = await temporaryFolder();
  const folder = join(out, 'a');
  const texts = Array.from({ length: 12 }, (_, index) => `edition ${index}`);
  await Promise.all(texts.map((text) => store(folder, text)));
  const found = await readEdition(folder);
  expect(texts.map((text) => edition(text).description)).toContainEqual(found);
  expect(await namesIn(out)).toEqual(['a']);
});

test('what was delivered is not overwritten, but by the same bytes, which repair it', async () => {
  const folder = join(await temporaryFolder(), 'a');
  await store(folder, 'one');
  expect(await mark(folder, 'one')).toBe(true);
  expect(await codeOf(store(folder, 'two'))).toBe('edition-delivered');
  expect(await readEdition(folder)).toEqual(edition('one').description);
  await writeFile(join(folder, 'a.pdf'), 'damaged');
  expect(await readEdition(folder)).toBeUndefined();
  await store(folder, 'one');
  expect(await readEdition(folder)).toEqual(edition('one').description);
  expect(await codeOf(store(folder, 'two'))).toBe('edition-delivered');
});

test('what is no longer the edition to be delivered is not marked', async () => {
  const folder = join(await temporaryFolder(), 'a');
  expect(await mark(folder, 'one')).toBe(false);
  await store(folder, 'two');
  expect(await mark(folder, 'one')).toBe(false);
  await store(folder, 'three');
  expect(await readEdition(folder)).toEqual(edition('three').description);
});

describe('an edition that is delivered while another takes its place', () => {
  /** Either it was marked, and is still there with its mark; or it was replaced first, and is not delivered. */
  async function expectOneOrder(folder: string, { stored, marked }: { stored: unknown; marked: boolean }) {
    const there = await readEdition(folder);
    const now = { stored, there: there?.inputs, isMarked: existsSync(join(folder, '.delivered')) };
    expect(now).toEqual(
      marked
        ? { stored: 'edition-delivered', there: edition('one').description.inputs, isMarked: true }
        : { stored: 'stored', there: edition('two').description.inputs, isMarked: false },
    );
  }

  test('in one process', async () => {
    const out = await temporaryFolder();
    const orders = new Set<boolean>();
    for (let round = 0; round < 100; round += 1) {
      const folder = join(out, `brief-${round}`, 'a');
      await store(folder, 'one');
      const storing = async () => (await codeOf(store(folder, 'two'))) ?? 'stored';
      const marking = () => mark(folder, 'one');
      // Whoever begins has an advantage.
      const [stored, marked] =
        round % 2 === 0
          ? await Promise.all([storing(), marking()])
          : (await Promise.all([marking(), storing()])).toReversed();
      await expectOneOrder(folder, { stored, marked: marked === true });
      orders.add(marked === true);
    }
    expect(orders.size).toBe(2);
  });

  test('in two processes', async () => {
    const out = await temporaryFolder();
    const other = fork(storeProcess, ['store-each', out, 'two']);
    onTestFinished(() => void other.kill());
    expect(await once(other, 'message')).toEqual(['ready', undefined]);
    const orders = new Set<boolean>();
    for (let round = 0; round < 100; round += 1) {
      const folder = join(out, `brief-${round}`, 'a');
      await store(folder, 'one');
      const answered = once(other, 'message');
      other.send(folder);
      // The message takes its time: in some rounds the other process begins first.
      for (let turn = 0; turn < round % 20; turn += 1) await readEdition(folder);
      const marked = await mark(folder, 'one');
      const [stored] = await answered;
      await expectOneOrder(folder, { stored, marked });
      orders.add(marked);
    }
    expect(orders.size).toBe(2);
  });
});

describe('a process that is killed before any of its changes to the disk', () => {
  /** Runs `task` in as many processes as it changes something, each killed one change later; `check` looks at each. */
  async function killAtEach(
    task: 'store' | 'remove',
    {
      text = '',
      prepare,
      check,
    }: {
      text?: string;
      prepare: (folder: string) => Promise<unknown>;
      check: (folder: string, wasKilled: boolean) => Promise<void>;
    },
  ): Promise<number> {
    const out = await temporaryFolder();
    const run = async (killAt: string) => {
      // An output folder for each: they run at once.
      const folder = join(out, killAt, 'brief/a');
      await prepare(folder);
      const child = spawn(process.execPath, [storeProcess, task, folder, text, killAt]);
      const [said, [, signal]] = await Promise.all([readText(child.stdout), once(child, 'close')]);
      expect(signal).toBe(killAt === 'never' ? null : 'SIGKILL');
      await check(folder, signal !== null);
      return Number(said);
    };
    const changes = await run('never');
    for (let next = 1; next <= changes; next += 3)
      await Promise.all([next, next + 1, next + 2].filter((n) => n <= changes).map((n) => run(`${n}`)));
    return changes;
  }
  /** Nothing is left of it once something else was stored there. */
  async function expectNothingLeft(folder: string) {
    await store(join(folder, '../b'), 'other');
    expect((await namesIn(join(folder, '..'))).filter((name) => name !== 'b' && name !== 'a')).toEqual([]);
    const work = join(folder, '../.store');
    const left = await Promise.all(
      ['new', 'old', 'removed'].map((kind) => readdir(join(work, kind)).catch(() => [])),
    );
    expect(left.flat()).toEqual([]);
  }

  test('leaves the edition of before, or the new one', async () => {
    const found = new Set<string | undefined>();
    const changes = await killAtEach('store', {
      text: 'two',
      prepare: (folder) => store(folder, 'one'),
      check: async (folder, wasKilled) => {
        const there = await readEdition(folder);
        if (wasKilled) found.add(there?.inputs);
        else expect(there).toEqual(edition('two').description);
        await expectNothingLeft(folder);
      },
    });
    expect(changes).toBeGreaterThan(6);
    expect(found).toEqual(new Set([edition('one').description.inputs, edition('two').description.inputs]));
  });

  test('leaves the mark of one that was delivered', async () => {
    const changes = await killAtEach('store', {
      text: 'one',
      prepare: async (folder) => {
        await store(folder, 'one');
        await mark(folder, 'one');
        await writeFile(join(folder, 'a.html'), 'damaged');
      },
      check: async (folder) => {
        expect(await readEditionFile(folder, 'a.pdf')).toEqual(Buffer.from('pdf of one'));
        expect(existsSync(join(folder, '.delivered'))).toBe(true);
        expect(await codeOf(store(folder, 'two'))).toBe('edition-delivered');
        await expectNothingLeft(folder);
      },
    });
    expect(changes).toBeGreaterThan(6);
  });

  test('removes files and row of an edition, or neither', async () => {
    const found = new Set<boolean>();
    const changes = await killAtEach('remove', {
      prepare: async (folder) => {
        await store(folder, 'one');
        await writeFile(`${folder}.row`, '');
      },
      check: async (folder, wasKilled) => {
        const hasRow = existsSync(`${folder}.row`);
        await rm(`${folder}.row`, { force: true });
        await tidyEditions(join(folder, '../..'), () => Promise.resolve(hasRow));
        expect(await readEdition(folder)).toEqual(hasRow ? edition('one').description : undefined);
        await expectNothingLeft(folder);
        if (wasKilled) found.add(hasRow);
      },
    });
    expect(changes).toBeGreaterThan(3);
    expect(found).toEqual(new Set([true, false]));
  });
});

test('every file of a durable edition is on the disk before the edition is in its place', async () => {
  const folder = join(await temporaryFolder(), 'brief/a');
  const child = spawn(process.execPath, [storeProcess, 'sync', folder, 'one']);
  const synced = z.array(z.string()).parse(JSON.parse(await readText(child.stdout)));
  const names = await namesIn(folder);
  expect(names.length).toBeGreaterThan(2);
  expect(synced.slice(0, -1).toSorted()).toEqual([...names, basename(folder)].toSorted());
  expect(synced.at(-1)).toBe('brief');
});

test('what another process has moved aside while it stores is no leftover', async () => {
  const out = await temporaryFolder();
  await store(join(out, 'a'), 'one');
  await utimes(join(out, 'a'), 0, 0);
  // As in the middle of storing: the old edition is aside, the new one not yet there.
  const lock = tryLock(join(out, '.store/lock'));
  await rename(join(out, 'a'), join(out, '.store/old/a'));
  const others = Promise.all([store(join(out, 'b'), 'two'), readEdition(join(out, 'a'))]);
  for (let turn = 0; turn < 50; turn += 1) await setImmediate();
  expect(await readEdition(join(out, '.store/old/a'))).toEqual(edition('one').description);
  expect(existsSync(join(out, 'b'))).toBe(false);
  await rename(join(out, '.store/old/a'), join(out, 'a'));
  lock?.[Symbol.dispose]();
  expect(await others).toEqual([undefined, edition('one').description]);
});

describe('removing editions', () => {
  test('leaves the files where the rows cannot be removed', async () => {
    const folder = join(await temporaryFolder(), 'a');
    await store(folder, 'one');
    expect(await removeEditions([folder], () => Promise.resolve(false))).toBe(false);
    expect(await readEdition(folder)).toEqual(edition('one').description);
    const failing = removeEditions([folder], () => Promise.reject(new Error('no ledger')));
    await expect(failing).rejects.toThrow('no ledger');
    expect(await readEdition(folder)).toEqual(edition('one').description);
  });

  test('leaves the rows where the files of one edition cannot be moved, and all files', async () => {
    const out = await temporaryFolder();
    const [first, second] = [join(out, 'one/a'), join(out, 'two/a')];
    for (const folder of [first, second]) await store(folder, 'one');
    // In the way of the second, for root too.
    await writeFile(join(out, 'two/.store/removed'), '');
    let asked = false;
    const removing = removeEditions([first, second], () => {
      asked = true;
      return Promise.resolve(true);
    });
    expect(await codeOf(removing)).toBe('output-unwritable');
    expect(asked).toBe(false);
    for (const folder of [first, second])
      expect(await readEdition(folder)).toEqual(edition('one').description);
  });

  test('leaves what was stored anew meanwhile', async () => {
    const folder = join(await temporaryFolder(), 'a');
    await store(folder, 'one');
    await mark(folder, 'one');
    const rows = Promise.withResolvers<boolean>();
    const begun = Promise.withResolvers<void>();
    const removing = removeEditions([folder], () => {
      begun.resolve();
      return rows.promise;
    });
    await begun.promise;
    const storing = store(folder, 'two');
    rows.resolve(true);
    expect(await removing).toBe(true);
    await storing;
    expect(await readEdition(folder)).toEqual(edition('two').description);
  });
});
