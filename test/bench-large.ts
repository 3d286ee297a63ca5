import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { openChartProcess } from '../src/charts/worker.ts';
import { openPrinter } from '../src/pdf/browser/print.ts';
import { asOf, narrow, run, shown } from './bench-incidents.ts';
import { writeAcledFile } from './support/acled-file.ts';
import { writeManyIncidents } from './support/many-incidents.ts';
import { quantile, spread, verdict } from './support/numbers.ts';
import { startService } from './support/service.ts';
import { warmBrief } from './support/warm-brief.ts';

const sitrep = join(import.meta.dirname, '../bin/sitrep.js');
const limits = { weekRatio: 1.2, megabytes: 600, moreThanPrintMs: 2500, refreshSeconds: 5, startRatio: 1.1 };

/**
 * A dataset of `rows` incidents beside one of 10,000: a compaction, and then the start of the service, the week of one
 * country, the comparison of all countries over five years, and an import of 10,000 new rows.
 */
export async function benchLarge({ rows, rounds }: { rows: number; rounds: number }): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sitrep-bench-large-'));
  try {
    await mkdir(join(folder, 'few/data'), { recursive: true });
    await mkdir(join(folder, 'many/data'), { recursive: true });
    console.log(`\nA dataset of ${rows} incidents beside one of 10,000`);
    // Of one country and as many a day as in the other, so that the week has as many incidents in both.
    const days = Math.round((3653 * 10 * 10_000) / rows);
    await writeManyIncidents(join(folder, 'few/data/incidents'), { rows: 10_000, days, countries: 1 });
    const begunMs = performance.now();
    await writeManyIncidents(join(folder, 'many/data/incidents'), { rows });
    console.log(`  written in ${((performance.now() - begunMs) / 1000).toFixed(0)} s`);
    for (const each of ['few', 'many']) await writeBriefs(join(folder, each));
    const compacted = run(join(folder, 'many'), [sitrep, 'data', 'compact', 'data/incidents']);
    console.log(`  compaction: ${shown(compacted)}`);
    await benchStart(folder, 5);
    await benchWarm(folder, rounds);
    benchCold(join(folder, 'many'));
    await benchRefresh(join(folder, 'many'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** `week` prints the week of one country, and `watch` compares all countries over five years. */
async function writeBriefs(folder: string): Promise<void> {
  for (const name of ['watch', 'week'])
    run(folder, [sitrep, 'new', name, '--from', 'activity-watch', '--dataset', 'incidents']);
  const week = join(folder, 'templates/week');
  await narrow(week, `country = 'YE'`);
  const yaml = await readFile(join(week, 'brief.yaml'), 'utf8');
  const kept = yaml
    .replace(/ {2}(?:activity_counts|coverage|scanned|reports): .*\n/g, '')
    .replace(/^ {2}scanned: .*\n/m, '')
    .replace(/^(?:findings|charts):\n(?: .*\n|\n)+/gm, '');
  await writeFile(join(week, 'brief.yaml'), kept);
  await writeFile(join(week, 'brief.hbs'), '{{#> page}}\n<h2>Incidents</h2>\n{{> incidents}}\n{{/page}}\n');
  for (const file of ['activity_counts', 'coverage', 'scanned', 'reports'])
    await rm(join(week, `${file}.sql`));
  await rm(join(week, 'weeks.vl.json'));
}

async function benchStart(folder: string, rounds: number): Promise<void> {
  const start = async (name: string): Promise<number> => {
    const begunMs = performance.now();
    const service = startService({ folder: join(folder, name) }, 'start');
    await service.line(({ msg }) => msg === 'ready');
    const lastedMs = performance.now() - begunMs;
    await service.kill();
    return lastedMs;
  };
  const times: { few: number[]; many: number[]; ratio: number[] } = { few: [], many: [], ratio: [] };
  for (let round = -1; round < rounds; round += 1) {
    const [few, many] = [await start('few'), await start('many')];
    if (round < 0) continue;
    times.few.push(few);
    times.many.push(many);
    times.ratio.push(many / few);
  }
  const ratio = quantile(times.ratio, 0.5);
  console.log(
    `  start of the service: ${spread(times.many, 'ms')}; beside few ${spread(times.few, 'ms')}; ratio ${ratio.toFixed(2)}, limit ${limits.startRatio}: ${verdict(ratio, limits.startRatio)}`,
  );
}

/** The briefs take turns in one process, so that whatever else the machine does falls on all. */
async function benchWarm(folder: string, rounds: number): Promise<void> {
  await using printer = await openPrinter({ cacheFolder: envPaths('sitrep', { suffix: '' }).cache });
  await using charts = openChartProcess();
  const open = (name: string, id: string) =>
    warmBrief({ folder: join(folder, name), id, asOf }, { printer, charts });
  await using few = await open('few', 'week');
  await using many = await open('many', 'week');
  await using watch = await open('many', 'watch');
  const times: { [what in 'few' | 'many' | 'ratio' | 'watch' | 'more']: number[] } = {
    few: [],
    many: [],
    ratio: [],
    watch: [],
    more: [],
  };
  for (let round = -2; round < rounds; round += 1) {
    const [ofFew, ofMany] = [await few.make(), await many.make()];
    if (round < 0) continue;
    times.few.push(ofFew.ms);
    times.many.push(ofMany.ms);
    times.ratio.push(ofMany.ms / ofFew.ms);
  }
  const ratio = quantile(times.ratio, 0.5);
  console.log(
    `  one country's week, warm: ${spread(times.many, 'ms')}; of 10,000 ${spread(times.few, 'ms')}; ratio ${ratio.toFixed(2)}, limit ${limits.weekRatio}: ${verdict(ratio, limits.weekRatio)}`,
  );
  for (let round = -1; round < Math.min(rounds, 5); round += 1) {
    const { ms, printMs } = await watch.make();
    if (round < 0) continue;
    times.watch.push(ms);
    times.more.push(ms - printMs);
  }
  const more = quantile(times.more, 0.5);
  console.log(
    `  all countries, five years, warm: ${spread(times.watch, 'ms')}; ${more.toFixed(0)} ms more than its print, limit ${limits.moreThanPrintMs}: ${verdict(more, limits.moreThanPrintMs)}`,
  );
}

function benchCold(folder: string): void {
  for (const id of ['week', 'watch']) {
    const cold = run(folder, [sitrep, 'generate', id, '--as-of', asOf, '--force']);
    console.log(
      `  ${id}, the whole process: ${shown(cold)}; limit ${limits.megabytes} MB: ${verdict(cold.megabytes, limits.megabytes)}`,
    );
  }
}

/** One row in twenty has the id of an incident that is in the dataset. */
async function benchRefresh(folder: string): Promise<void> {
  const file = join(folder, 'new.csv');
  await writeAcledFile(file, 10_000);
  let line = 0;
  const text = await readFile(file, 'utf8');
  await writeFile(
    file,
    text.replaceAll(/^EVT/gm, () => ((line += 1) % 20 === 0 ? 'EVT' : 'NEW')),
  );
  await cp(join(folder, 'data/incidents'), join(folder, 'data/refreshed'), { recursive: true });
  const refresh = run(folder, [sitrep, 'import', 'acled', file, '--into', 'data/refreshed']);
  console.log(
    `  import of 10,000 rows: ${shown(refresh)}; limit ${limits.refreshSeconds} s: ${verdict(refresh.seconds, limits.refreshSeconds)}`,
  );
}
