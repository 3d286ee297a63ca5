import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAcledFile } from './support/acled-file.ts';
import { quantile, verdict } from './support/numbers.ts';

const root = join(import.meta.dirname, '..');
const limits = { coldExtraSeconds: 0.5, rowsPerSecond: 100_000, megabytes: 600 };
const asOf = '2024-12-29';

/** Import of a million ACLED-shaped rows beside DuckDB alone, and a cold brief on 9,000 beside the cold weekly. */
export async function benchIncidents({ rows, cold }: { rows: number; cold: number }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sitrep-bench-incidents-'));
  try {
    await mkdir(join(folder, 'data'));
    const load = loadavg().map((value) => value.toFixed(1));
    console.log(`\nIncidents; load of the machine ${load.join(', ')}`);
    await benchImport(folder, rows);
    await benchColdBrief(folder, cold);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function benchImport(folder: string, rows: number): Promise<void> {
  const file = join(folder, 'many.csv');
  await writeAcledFile(file, rows);
  const sorted = `COPY (SELECT * FROM read_csv('${file}', all_varchar = true) ORDER BY country, event_date)
    TO '${join(folder, 'alone.parquet')}' (FORMAT parquet, COMPRESSION zstd)`;
  const alone = run(folder, [
    '--input-type=module',
    '--eval',
    `import { DuckDBInstance } from ${JSON.stringify(import.meta.resolve('@duckdb/node-api'))};
    const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' });
    await (await instance.connect()).run(${JSON.stringify(sorted)});`,
  ]);
  const ours = run(folder, [join(root, 'bin/sitrep.js'), 'import', 'acled', file, '--into', 'data/many']);
  await rm(file);
  const rate = rows / ours.seconds;
  console.log(
    `  import of ${rows} rows: ${shown(ours)}; DuckDB's read_csv to sorted Parquet: ${shown(alone)}`,
  );
  console.log(
    `    ${rate.toFixed(0)} rows a second; limit ${limits.rowsPerSecond}: ${rate >= limits.rowsPerSecond ? 'kept' : 'MISSED'}`,
  );
  console.log(
    `    ${ours.megabytes.toFixed(0)} MB; limit ${limits.megabytes} MB: ${verdict(ours.megabytes, limits.megabytes)}; CPU ${(ours.cpu / alone.cpu).toFixed(1)} x DuckDB's`,
  );
}

async function benchColdBrief(folder: string, rounds: number): Promise<void> {
  const sitrep = join(root, 'bin/sitrep.js');
  const file = join(folder, 'few.csv');
  await writeAcledFile(file, 9000);
  run(folder, [sitrep, 'import', 'acled', file, '--into', 'data/few']);
  run(folder, [sitrep, 'new', 'watch', '--from', 'activity-watch', '--dataset', 'few']);
  const extra = Array.from({ length: rounds }, () => {
    const out = ['--force', '--out', join(folder, 'out')];
    const watch = run(folder, [sitrep, 'generate', 'watch', '--as-of', asOf, ...out]);
    const weekly = run(root, [sitrep, 'generate', 'weekly', ...out]);
    return { watch: watch.cpu, weekly: weekly.cpu, more: watch.cpu - weekly.cpu };
  });
  const median = (name: 'watch' | 'weekly' | 'more'): number =>
    quantile(
      extra.map((each) => each[name]),
      0.5,
    );
  console.log(
    `  cold brief on 9,000 incidents: ${median('watch').toFixed(2)} s CPU, cold weekly ${median('weekly').toFixed(2)} s; limit ${limits.coldExtraSeconds} s more: ${verdict(median('more'), limits.coldExtraSeconds)} (${median('more').toFixed(2)} s, ${rounds} runs)`,
  );
}

interface Usage {
  readonly seconds: number;
  /** Seconds of user and system time, of the processes that it started too. */
  readonly cpu: number;
  /** The most memory of the process itself. */
  readonly megabytes: number;
}

const shown = ({ seconds, cpu, megabytes }: Usage): string =>
  `${seconds.toFixed(1)} s, ${cpu.toFixed(1)} s CPU, ${megabytes.toFixed(0)} MB`;

/** Runs Node.js; the shell's `time` sums the time of all processes. */
function run(cwd: string, args: readonly string[]): Usage {
  const report = `data:text/javascript,process.on('exit',()=>console.error('maxrss',process.resourceUsage().maxRSS))`;
  const { status, stderr } = spawnSync(
    'bash',
    ['-c', `TIMEFORMAT='times %R %U %S'; time "$@"`, 'bash', process.execPath, '--import', report, ...args],
    { cwd, encoding: 'utf8' },
  );
  const [, seconds, user, system] = /times ([\d.]+) ([\d.]+) ([\d.]+)/.exec(stderr) ?? [];
  const [, kilobytes] = /maxrss (\d+)/.exec(stderr) ?? [];
  if (status !== 0) throw new Error(`${args.join(' ')} failed:\n${stderr}`);
  return {
    seconds: Number(seconds),
    cpu: Number(user) + Number(system),
    megabytes: Number(kilobytes) / 1024,
  };
}
