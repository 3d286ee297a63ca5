import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { startPostgres } from '../test/support/postgres-server.ts';

/**
 * Runs the tests that touch the ledger on a PostgreSQL server of their own (`npm run test:postgres`): Debian's, in a
 * temporary folder, gone afterwards. What is given on the command line goes to vitest; test files given there are run in
 * place of all. Exits with the tests' status.
 */
const asked = process.argv.slice(2);
const hasFiles = asked.some((argument) => argument.startsWith('test/'));
const suites = hasFiles
  ? []
  : [
      'test/ledger',
      'test/delivery/deliver-edition.test.ts',
      'test/delivery/alerts.test.ts',
      'test/scheduler',
      'test/editions',
      'test/server/access.test.ts',
      'test/server/api.test.ts',
      'test/service',
    ];
/** They open no ledger, or ask of it what `test/server/api.test.ts` asks too, or start programs on an embedded one. */
const without = [
  ...['slots', 'heartbeat'].map((name) => `test/scheduler/${name}.test.ts`),
  'test/editions/pagination.test.ts',
  'test/service/service.test.ts',
  'test/service/first-hour.test.ts',
];
// The tests are told to stop by the terminal itself; the server ends after them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
await using server = await startPostgres();
const existing = suites.filter((suite) => existsSync(suite));
const excluded = without.flatMap((file) => ['--exclude', file]);
const vitest = spawn('npx', ['vitest', 'run', ...existing, ...excluded, ...asked], {
  stdio: 'inherit',
  env: { ...process.env, TEST_DATABASE_URL: server.url },
});
const [status] = await once(vitest, 'exit');
process.exitCode = typeof status === 'number' ? status : 1;
