import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startPostgres } from '../test/support/postgres-server.ts';

/**
 * Runs the tests that touch the ledger on a PostgreSQL server of their own (`npm run test:postgres`): Debian's, in a
 * temporary folder, gone afterwards. What is given on the command line goes to vitest. Exits with the tests' status.
 */
// The tests are told to stop by the terminal itself; the server ends after them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
await using server = await startPostgres();
const vitest = spawn('npx', ['vitest', 'run', '--project=postgres*', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, TEST_DATABASE_URL: server.url },
});
const [status] = await once(vitest, 'exit');
process.exitCode = typeof status === 'number' ? status : 1;
