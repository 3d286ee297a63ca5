import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/**
 * What `npm test` leaves to `npm run test:all`: the running program with its web pages and service, each operation on
 * the ledger, and every row and day of the sample data. Files are listed here, and lie beside their neighbours in test/.
 */
const slow = [
  'test/{author,briefs-pdf,cli,deletion,every-day,facts,point-in-time,preview,proof-cli,same-bytes,silence,traps,vitest}.test.ts',
  'test/{editions,server,web}/**/*.test.ts',
  'test/service/!(chaos).test.ts',
  'test/delivery/{alerts,deliver-edition}.test.ts',
  'test/ledger/{embedded,queue,upgrade}.test.ts',
  'test/production/{explain,explain-limit,verify}.test.ts',
  'test/pdf/browser.test.ts',
  'test/rules/right-pages.test.ts',
  'test/scheduler/{make-edition,priorities,scheduler,week}.test.ts',
  'test/cli/{remote,start}.test.ts',
  'test/accessibility.test.ts',
];

/**
 * What `npm run test:all` runs on PostgreSQL too. The embedded ledger is PostgreSQL as well, so only what depends on
 * several connections or processes runs again.
 */
const onServer = [
  'test/ledger/!(embedded|edition-id).test.ts',
  'test/service/{chaos,postgres-restart}.test.ts',
];
/** The rest of what touches the ledger, for `npm run test:postgres`. */
const onServerToo = [
  'test/delivery/{alerts,deliver-edition}.test.ts',
  'test/editions/!(pagination).test.ts',
  'test/scheduler/!(slots|heartbeat).test.ts',
  'test/server/{access,api}.test.ts',
  'test/service/!(chaos|postgres-restart|service|first-hour).test.ts',
];

const patient = { testTimeout: 600_000, hookTimeout: 600_000, expect: { poll: { timeout: 300_000 } } };
const server = process.env['TEST_DATABASE_URL'];
/** Tests choose the ledger by this variable. */
const embedded = { TEST_DATABASE_URL: '' };
const project = (
  name: string,
  test: TestProjectInlineConfiguration['test'],
): TestProjectInlineConfiguration => ({ extends: true, test: { name, ...test } });

export default defineConfig({
  test: {
    projects:
      server === undefined
        ? [
            project('quick', { include: ['test/**/*.test.ts'], exclude: slow, env: embedded }),
            project('slow', { include: slow, env: embedded, ...patient }),
          ]
        : [
            // With two projects, a process of tests would end after the first, and another load and warm up all again.
            project('quick-and-slow', { include: ['test/**/*.test.ts'], env: embedded, ...patient }),
            project('postgres', {
              include: onServer,
              env: { TEST_DATABASE_URL: server },
              ...patient,
            }),
            project('postgres-more', {
              include: onServerToo,
              env: { TEST_DATABASE_URL: server },
              ...patient,
            }),
          ],
    // A machine that is ten times slower than two idle cores is still within these limits.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 100_000 } },
    pool: 'forks',
    // Loading the program and warming it up takes longer than the tests of most files, so files share a process: none
    // leaves anything behind in it.
    isolate: false,
    maxWorkers: 2,
    env: {
      TZ: 'UTC',
      // Programs are started hundreds of times: compiling them is half of what a start costs.
      NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/sitrep-test/compiled'),
      // No chart uses a font of the system, and finding them is a seventh of what a start costs.
      DISABLE_SYSTEM_FONTS_LOAD: '1',
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
