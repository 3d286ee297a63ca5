import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // No test depends on how busy the machine is: one that hangs is ended by the time limit of CI.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 300_000 } },
    pool: 'forks',
    maxWorkers: 2,
    env: {
      TZ: 'UTC',
      // Programs are started hundreds of times: compiling them is half of what a start costs.
      NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/sitrep-test/compiled'),
      TMPDIR: scratch(),
    },
  },
});

/**
 * Tests make and remove hundreds of databases of a thousand files each. On a disk with ext4 each new file waits for those
 * removed a moment ago, and the tests take twice as long: memory is used where Linux gives enough of it.
 */
function scratch(): string {
  const memory = '/dev/shm';
  if (process.env['TMPDIR'] !== undefined) return tmpdir();
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize > 4e9 ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}
