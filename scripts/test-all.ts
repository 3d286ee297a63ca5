import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/**
 * Runs every test (`npm run test:all`): both projects of vitest, what waits and decides on PostgreSQL, and the packed
 * program. The last line of the output is "N passed, N failed"; the exit status is 0 only if every part succeeded.
 */
const parts = {
  package: ['node', 'scripts/test-package.ts'],
  // Three on two cores, since tests of the running program often wait for another process.
  all: ['vitest', 'run', '--maxWorkers=3'],
  // The embedded ledger is PostgreSQL too, so only what depends on several connections or processes runs again;
  // "npm run test:postgres" runs the rest.
  postgres: [
    'node',
    'scripts/test-postgres.ts',
    '--maxWorkers=3',
    '--exclude=test/{editions,scheduler,delivery,server}/!(service|scheduler|approvals).test.ts',
    '--exclude=test/service/!(chaos|postgres-restart|web).test.ts',
  ],
} as const;

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(
    z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
});

const reports = await mkdtemp(join(tmpdir(), 'sitrep-reports-'));
let [passed, failed] = [0, 0];
try {
  for (const [part, [program, ...args]] of Object.entries(parts)) {
    console.log(`\n== ${program} ${args.join(' ')}`);
    const file = join(reports, `${part}.json`);
    const reporting = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const startedAt = performance.now();
    const { status } = spawnSync(program, part === 'package' ? args : [...args, ...reporting], {
      stdio: 'inherit',
      env: { ...process.env, ...(part === 'postgres' && { SOAK_KILLS: '8' }) },
    });
    console.log(`== ${part}: ${Math.round((performance.now() - startedAt) / 1000)} s`);
    const isReported = existsSync(file);
    const counted = isReported ? count(readFileSync(file, 'utf8')) : { passed: 0, failed: 0 };
    passed += counted.passed + (part === 'package' && status === 0 ? 1 : 0);
    // A part that fails before its first test is one failure: it would be missed otherwise.
    const isBroken = status !== 0 || (part !== 'package' && !isReported);
    failed += counted.failed === 0 && isBroken ? 1 : counted.failed;
  }
} finally {
  await rm(reports, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** A file that fails before its first test counts as one failure. */
function count(text: string): { passed: number; failed: number } {
  const { numPassedTests, numFailedTests, testResults } = report.parse(JSON.parse(text));
  const broken = testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  return { passed: numPassedTests, failed: numFailedTests + broken.length };
}
