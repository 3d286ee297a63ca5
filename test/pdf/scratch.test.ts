import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { openScratch, sweepScratch } from '../../src/pdf/browser/scratch.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { namespace } from '../support/namespace.ts';
import { listProcesses } from '../support/processes.ts';

const script = join(import.meta.dirname, '../support/scratch-process.ts');
const opened = z.object({ path: z.string(), pid: z.number() });

/** A process that has opened a scratch folder, with a program in it; run by `command`, if given. */
async function owner(
  parent: string,
  [program, ...options]: readonly [string, ...string[]] = [process.execPath],
): Promise<{ child: ChildProcess; path: string; pid: number }> {
  const child = spawn(program, [...options, script, parent], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  return { child, ...opened.parse(JSON.parse(String(said))) };
}
async function end(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.stdin?.end();
  expect(await closed).toEqual([0, null]);
}

test('a folder goes with its owner, and nothing else is left', async () => {
  const parent = await temporaryFolder();
  {
    await using scratch = await openScratch(parent);
    expect(await readdir(parent)).toHaveLength(2);
    expect(existsSync(scratch.path)).toBe(true);
  }
  expect(await readdir(parent)).toEqual([]);
});

test('the folder of a process that lives is left alone', async () => {
  const parent = await temporaryFolder();
  const { child, path } = await owner(parent);
  await using own = await openScratch(parent);
  await sweepScratch(parent);
  expect([existsSync(path), existsSync(own.path)]).toEqual([true, true]);
  await end(child);
  expect(await readdir(parent)).toHaveLength(2);
});

test.runIf(process.platform === 'linux')(
  'the folder of a process that was killed is removed, and the program in it is ended',
  async () => {
    const parent = await temporaryFolder();
    const { child, path } = await owner(parent);
    const closed = once(child, 'exit');
    child.kill('SIGKILL');
    await closed;
    expect(listProcesses(`${path}/user-data`)).toHaveLength(1);
    await sweepScratch(parent);
    expect(await readdir(parent)).toEqual([]);
    await expect.poll(() => listProcesses(`${path}/user-data`)).toEqual([]);
  },
);

test.runIf(process.platform === 'linux')(
  'what an earlier version left is removed once nobody has used it for a week',
  async () => {
    const parent = await temporaryFolder();
    const long = new Date(Date.now() - 8 * 86_400_000);
    for (const name of ['11-unused', '22-in_use', '33-recent']) {
      await mkdir(join(parent, name));
      await writeFile(join(parent, name, 'Preferences'), '');
      await utimes(join(parent, name), long, long);
      if (name !== '33-recent') await utimes(join(parent, name, 'Preferences'), long, long);
    }
    // As a browser is told where its profile is.
    const endless = 'console.log(1); setInterval(() => {}, 1000)';
    const user = spawn(process.execPath, ['-e', endless, '--', `--x=${parent}/22-in_use/profile`]);
    onTestFinished(() => void user.kill('SIGKILL'));
    await once(user.stdout, 'data');
    await sweepScratch(parent);
    expect((await readdir(parent)).toSorted()).toEqual(['22-in_use', '33-recent']);
  },
);

test.runIf(process.platform === 'linux')(
  'two containers with one cache folder leave each other alone',
  async (context) => {
    // As containers have it: process ids of their own.
    const inNamespace = namespace(['--pid', '--fork', '--mount-proc'], context);
    const parent = await temporaryFolder();
    // The first has a number that the second's namespace does not know.
    const uses = 'for each in 1 2 3 4 5 6 7 8 9 10 11 12; do /bin/true; done; "$0" "$@"; exit $?';
    const one = await owner(parent, [...inNamespace, 'sh', '-c', uses, process.execPath]);
    const two = await owner(parent, [...inNamespace, process.execPath]);
    expect([one.pid > 10, two.pid]).toEqual([true, 1]);
    await sweepScratch(parent);
    expect([existsSync(one.path), existsSync(two.path)]).toEqual([true, true]);
    await end(one.child);
    await end(two.child);
    expect(await readdir(parent)).toEqual([]);
  },
);
