import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openProject } from './support/cli.ts';
import { childrenOf } from './support/processes.ts';

const main = join(import.meta.dirname, '../src/main.ts');

test.runIf(process.platform === 'linux')(
  'a preview ends when npx, which started it, has ended without passing the signal on',
  async () => {
    await using project = await openProject();
    // As npx does it: by a shell, which ends by itself.
    const shell = spawn('sh', ['-c', '"$0" "$1" preview --port 0; true', process.execPath, main], {
      cwd: project.folder,
      env: { ...process.env, XDG_CACHE_HOME: join(project.folder, '.cache'), npm_command: 'exec' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    shell.stdout.on('data', (data) => (said += String(data)));
    await expect.poll(() => said, { timeout: 300_000 }).toContain('Preview: http://127.0.0.1:');
    const [preview = 0, ...others] = childrenOf(shell.pid ?? 0, main);
    expect([preview > 0, others]).toEqual([true, []]);
    let isOver = false;
    onTestFinished(() => void (isOver || process.kill(preview, 'SIGKILL')));
    // It holds the other end of the pipe, and the shell's end alone does not close that.
    const closed = once(shell, 'close');
    shell.kill();
    await closed;
    isOver = true;
    expect(said).not.toContain('Error');
  },
);
