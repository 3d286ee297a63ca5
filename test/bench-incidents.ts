import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { openChartProcess } from '../src/charts/worker.ts';
import { periodEnding } from '../src/calendar.ts';
import { openPrinter } from '../src/pdf/browser/print.ts';
import { knownIncidents } from '../src/query/incidents.ts';
import { select } from '../src/query/select.ts';
import { knownBy } from '../src/dataset/point-in-time.ts';
import { writeAcledFile } from './support/acled-file.ts';
import { quantile, spread, verdict } from './support/numbers.ts';
import { timed, warmBrief } from './support/warm-brief.ts';

const root = join(import.meta.dirname, '..');
const limits = { coldExtraSeconds: 0.5, rowsPerSecond: 100_000, megabytes: 600, warmRatio: 1.3 };
export const asOf = '2024-12-29';

/**
 * Import of a million ACLED-shaped rows beside DuckDB alone; the week of one of their ten countries beside the warm
 * weekly; and a cold brief on 9,000 beside the cold weekly.
 */
export async function benchIncidents({
  rows,
  rounds,
  cold,
}: {
  rows: number;
  rounds: number;
  cold: number;
}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sitrep-bench-incidents-'));
  try {
    await mkdir(join(folder, 'data'));
    const load = loadavg().map((value) => value.toFixed(1));
    console.log(`\nIncidents; load of the machine ${load.join(', ')}`);
    await benchImport(folder, rows);
    await benchWarmBrief(folder, rounds);
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

/** The two briefs take turns in one process, so that whatever else the machine does falls on both. */
async function benchWarmBrief(folder: string, rounds: number): Promise<void> {
  run(folder, [join(root, 'bin/sitrep.js'), 'new', 'week', '--from', 'activity-watch', '--dataset', 'many']);
  await narrow(join(folder, 'templates/week'), `country = 'YE'`);
  const cacheFolder = envPaths('sitrep', { suffix: '' }).cache;
  await using printer = await openPrinter({ cacheFolder });
  await using charts = openChartProcess();
  await using watch = await warmBrief({ folder, id: 'week', asOf }, { printer, charts });
  await using weekly = await warmBrief(
    { folder: root, id: 'weekly', asOf: '2021-08-25' },
    { printer, charts },
  );
  const { brief, dataset } = watch;
  const { marking, period } = brief.config;
  const known = knownBy(dataset.tables, asOf);
  const incidents = knownIncidents(dataset, { asOf, marking });
  const queries = () =>
    timed(async () => {
      const selection = await select({
        brief,
        known,
        period: periodEnding(asOf, period),
        parameters: {},
        settings: dataset.settings,
        incidents,
        openQueries: watch.queries.open,
      });
      await selection.all;
    });
  const measured = { watch: () => timed(watch.make), weekly: () => timed(weekly.make), queries };
  const times: { [what in keyof typeof measured]: number[] } = { watch: [], weekly: [], queries: [] };
  for (let round = -3; round < rounds; round += 1)
    for (const what of ['watch', 'weekly', 'queries'] as const) {
      const lasted = await measured[what]();
      if (round >= 0) times[what].push(lasted);
    }
  const limit = limits.warmRatio * quantile(times.weekly, 0.5) + quantile(times.queries, 0.5);
  console.log(
    `  warm brief on the week of one country: ${spread(times.watch, 'ms')}; warm weekly ${spread(times.weekly, 'ms')}; its queries alone ${spread(times.queries, 'ms')}
    limit ${limits.warmRatio} x the weekly and the queries, ${limit.toFixed(0)} ms: ${verdict(quantile(times.watch, 0.5), limit)} (${rounds} rounds)`,
  );
}

/** Limits the brief in a folder to some incidents, by the steps of docs/authoring.md. */
export async function narrow(folder: string, condition: string): Promise<void> {
  const edit = async (
    from: string,
    file: string,
    changes: readonly (readonly [string | RegExp, string])[],
  ) => {
    let text = await readFile(join(from, file), 'utf8');
    for (const [what, by] of changes) text = text.replace(what, () => by);
    await writeFile(join(folder, file), text);
  };
  for (const file of ['activity_counts.sql', 'coverage.sql', 'scanned.sql'])
    await edit(folder, file, [['AND start <= $as_of', `AND start <= $as_of AND ${condition}`]]);
  const shared = join(root, 'templates/_shared/queries');
  const rows = ['incident_rows', 'incident_total', 'incidents_of_period'];
  await edit(shared, 'incident_rows.sql', [['= i.country\n', `= i.country\nWHERE i.${condition}\n`]]);
  await edit(shared, 'incident_total.sql', [['$as_of)', `$as_of) WHERE ${condition}`]]);
  await edit(shared, 'incidents_of_period.sql', [
    ['AND start <= $as_of', `AND start <= $as_of AND ${condition}`],
  ]);
  await edit(folder, 'brief.yaml', [
    ['queries:\n', `queries:\n${rows.map((name) => `  ${name}: ${name}.sql\n`).join('')}`],
    [/  map:\n(?: {4}.*\n)+/, ''],
  ]);
  await edit(folder, 'brief.hbs', [['{{> map}}\n', '']]);
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

export const shown = ({ seconds, cpu, megabytes }: Usage): string =>
  `${seconds.toFixed(1)} s, ${cpu.toFixed(1)} s CPU, ${megabytes.toFixed(0)} MB`;

/** Runs Node.js; the shell's `time` sums the time of all processes. */
export function run(cwd: string, args: readonly string[]): Usage {
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
