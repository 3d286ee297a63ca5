import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { startPostgres } from '../test/support/postgres-server.ts';

/**
 * Runs every test (`npm run test:all`): the projects of vitest, what waits and decides on PostgreSQL among them, and
 * beside them the packed program. The last line of the output is "N passed, N failed"; the exit status is 0 only if both
 * parts succeeded.
 */
const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(
    z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
});

const startedAt = performance.now();
const seconds = () => `${Math.round((performance.now() - startedAt) / 1000)} s`;
const reports = await mkdtemp(join(tmpdir(), 'sitrep-reports-'));
try {
  await using server = await startPostgres();
  const [ofVitest, ofPackage] = await Promise.all([runVitest(server.url), runPackage()]);
  const [passed, failed] = [ofVitest.passed + ofPackage.passed, ofVitest.failed + ofPackage.failed];
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await rm(reports, { recursive: true, force: true });
}

interface Count {
  readonly passed: number;
  readonly failed: number;
}

async function runVitest(databaseUrl: string): Promise<Count> {
  const file = join(reports, 'vitest.json');
  const projects = ['postgres', 'quick-and-slow'].map((name) => `--project=${name}`);
  const reporting = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  // Three on two cores, since tests of the running program often wait for another process.
  const vitest = spawn('vitest', ['run', ...projects, '--maxWorkers=3', ...reporting], {
    stdio: 'inherit',
    env: { ...process.env, TEST_DATABASE_URL: databaseUrl },
  });
  const [status] = await once(vitest, 'exit');
  console.log(`== vitest: ${seconds()}`);
  const counted = existsSync(file) ? count(readFileSync(file, 'utf8')) : { passed: 0, failed: 1 };
  // What fails before the first test is one failure: it would be missed otherwise.
  return status !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
}

/** Its output is printed when it has ended, so that it does not mix with that of the tests. */
async function runPackage(): Promise<Count> {
  const script = spawn('sh', ['-c', 'exec node scripts/test-package.ts 2>&1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output, [status]] = await Promise.all([text(script.stdout), once(script, 'exit')]);
  console.log(`\n== node scripts/test-package.ts\n${output}== package: ${seconds()}`);
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** A file that fails before its first test counts as one failure. */
function count(json: string): Count {
  const { numPassedTests, numFailedTests, testResults } = report.parse(JSON.parse(json));
  const broken = testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  return { passed: numPassedTests, failed: numFailedTests + broken.length };
}
