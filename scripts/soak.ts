import { spawnSync } from 'node:child_process';
import { daysFrom, daysSpread, issueOn } from '../test/support/every-day.ts';
import { loadProduct } from '../test/support/product.ts';

/**
 * What takes too long for every change (`npm run soak`, about forty minutes): every brief on every day from 2019 to 2021
 * and on a hundred days up to 2035, HTML and rules only; all pages, rows and sheets that tests take a sample of, and
 * twenty times as many generated imports; then long kill loops on both ledgers, and twenty restarts of PostgreSQL.
 * `npm run soak pages` or `npm run soak ledgers` runs one half. Exits with 1 if anything failed.
 */
const half = process.argv[2];
if (half !== 'ledgers') {
  await everyDay();
  const sampled = ['accessibility', 'briefs-pdf', 'deletion', 'rules/right-pages', 'web/axe'];
  const files = sampled.map((name) => `test/${name}.test.ts`);
  const generated = ['dataset/corrected-incidents', 'importers/compact', 'importers/import'];
  const properties = generated.map((name) => `test/${name}.test.ts`);
  run('vitest', ['run', '--project=quick', '--project=slow', ...files, ...properties], {
    ...process.env,
    SOAK_ALL: 'true',
  });
}
if (half !== 'pages') {
  const env = { ...process.env, SOAK_KILLS: '60', SOAK_RESTARTS: '20' };
  run('vitest', ['run', 'test/service/chaos.test.ts'], env);
  run(
    'node',
    ['scripts/test-postgres.ts', 'test/service/chaos.test.ts', 'test/service/postgres-restart.test.ts'],
    env,
  );
}

async function everyDay(): Promise<void> {
  const days = [...daysFrom('2019-01-01', '2021-12-31'), ...daysSpread('2022-01-01', '2035-12-31', 100)];
  const startedAt = performance.now();
  const { editions, faults } = await issueOn(await loadProduct(), days, (day) => {
    if (day.endsWith('-01')) console.error(day);
  });
  for (const fault of faults) console.log(fault);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`${days.length} days, ${editions} editions, ${faults.length} kinds of fault, ${seconds} s`);
  if (faults.length > 0) process.exitCode = 1;
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
  const { status } = spawnSync(program, args, { stdio: 'inherit', env });
  if (status !== 0) process.exitCode = 1;
}
