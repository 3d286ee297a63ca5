import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import envPaths from 'env-paths';
import { benchApi } from './bench-api.ts';
import { benchIncidents } from './bench-incidents.ts';
import { benchLarge } from './bench-large.ts';
import { benchPreview } from './bench-preview.ts';
import { benchQueue } from './bench-queue.ts';
import { quantile, spread, verdict } from './support/numbers.ts';
import { openChartProcess } from '../src/charts/worker.ts';
import { loadDataset } from '../src/dataset/reading/read.ts';
import type { Dataset } from '../src/dataset/schema.ts';
import { lacksLibraries } from '../src/pdf/browser/check.ts';
import { findBrowser } from '../src/pdf/browser/find.ts';
import { launchBrowser } from '../src/pdf/browser/launch.ts';
import { openPrinter } from '../src/pdf/browser/print.ts';
import { resolveEdition } from '../src/production/fan-out.ts';
import { generate } from '../src/production/generate.ts';
import { loadMaterial } from '../src/production/material.ts';
import type { Effects } from '../src/production/produce.ts';
import { readEdition, storeEdition } from '../src/production/store.ts';
import type { Brief } from '../src/project/brief.ts';
import { loadBrief } from '../src/project/load-briefs.ts';
import { openQueries } from '../src/query/database.ts';
import { shareQueries } from '../src/query/shared-database.ts';
import { type Step, steps } from '../src/render/edition.ts';

/**
 * How fast it is, beside what it should be (`npm run bench`). A report and not a test: it fails only when it cannot
 * measure. Ratios carry over to another machine, times do not.
 */
const limits = { coldSeconds: 3, warmRatio: 1.5, queuePercent: 5, previewMs: 300, listRatio: 3 };
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    cold: { type: 'string', default: '5' },
    queued: { type: 'string', default: '30' },
    lists: { type: 'string', default: '1000' },
    'import-rows': { type: 'string', default: '1000000' },
    /** Of the dataset that is read, refreshed and compacted; 10000000 for the goals as they are stated. */
    'incident-rows': { type: 'string', default: '1000000' },
    /** `incidents` for both parts on incidents alone, `large` for the second. */
    only: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const warmUps = 5;
const asOf = '2021-08-25';
/** More than what is kept of earlier answers. */
const manyDays = Array.from({ length: 10 }, (_, index) => `2021-08-${16 + index}`);
/** Named, so that a brief that comes later leaves the figures comparable. */
const measuredBriefs = ['al-qaeda-ties', 'celebrations', 'isis-quieting', 'weekly'];

const project = join(import.meta.dirname, '..');
process.chdir(project);
const folder = await mkdtemp(join(tmpdir(), 'sitrep-bench-'));
try {
  if (options.only === undefined) await benchBriefs();
  if (options.only !== 'large')
    await benchIncidents({ rows: Number(options['import-rows']), rounds, cold: Number(options.cold) });
  await benchLarge({ rows: Number(options['incident-rows']), rounds });
} finally {
  await rm(folder, { recursive: true });
}

async function benchBriefs(): Promise<void> {
  // First the warm half: it unpacks the browser, which a cold start is not to be charged with.
  await benchWarm();
  benchCold();
  // On PostgreSQL too where there is one: there the server is a process of its own.
  for (const databaseUrl of new Set([undefined, process.env['TEST_DATABASE_URL']]))
    await benchApi({ requests: Number(options.lists), turns: 4, limitRatio: limits.listRatio, databaseUrl });
  const cacheFolder = envPaths('sitrep', { suffix: '' }).cache;
  console.log(
    `\nPreview, isis-quieting: from a written file to the new page in the browser (${rounds} rounds)`,
  );
  for (const { file, times } of await benchPreview({ rounds, cacheFolder })) {
    const kept = verdict(quantile(times, 0.5), limits.previewMs);
    console.log(`  ${file.padEnd(42)} ${spread(times, 'ms')}; limit ${limits.previewMs} ms: ${kept}`);
  }
}

/** The whole program from its start to its end, the four briefs, a fresh output folder each time. */
function benchCold(): void {
  const times = Array.from({ length: Number(options.cold) }, (_, round) => {
    const out = join(folder, `cold-${round}`);
    const startedMs = performance.now();
    const { status, stderr } = spawnSync(
      process.execPath,
      ['bin/sitrep.js', 'generate', ...measuredBriefs, '--force', '--out', out],
      {
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(`generate failed:\n${stderr}`);
    return (performance.now() - startedMs) / 1000;
  });
  const median = quantile(times, 0.5);
  console.log(`\nCold start, the four briefs, browser unpacked (${times.length} runs)`);
  console.log(
    `  ${spread(times, 's', 2)}; limit ${limits.coldSeconds} s: ${verdict(median, limits.coldSeconds)}`,
  );
}

/**
 * A brief in a running process against the browser alone: Puppeteer's `setContent` and `pdf` with the same HTML on a
 * reused page of a second browser, which has the same binary and flags.
 * The two take turns, so that whatever else the machine does falls on both.
 */
async function benchWarm(): Promise<void> {
  const startedMs = performance.now();
  const dataset = await loadDataset('data/afghanistan-2021', 'data/afghanistan-2021');
  const briefs = await Promise.all(measuredBriefs.map((id) => loadBrief('templates', id)));
  const material = await loadMaterial();
  const loadedMs = performance.now() - startedMs;
  const where = {
    cacheFolder: envPaths('sitrep', { suffix: '' }).cache,
    browserPath: process.env['PUPPETEER_EXECUTABLE_PATH'] || undefined,
  };
  await using printer = await openPrinter({ ...where, fontFaces: material.fontFaces, onStep: console.log });
  const found = await findBrowser(where);
  const bundledLibraries = await lacksLibraries(found);
  await using alone = await launchBrowser(found, { ...where, bundledLibraries });
  const page = await alone.browser.newPage();
  await Promise.all([page.setJavaScriptEnabled(false), page.setOfflineMode(true)]);

  await using queries = shareQueries(openQueries);
  await using charts = openChartProcess();
  const { drawChart } = charts;

  let html = '';
  const print: Effects['print'] = (document, how) => {
    html = document;
    return printer.print(document, how);
  };
  const effects: Effects = {
    openQueries: queries.open,
    drawChart,
    startPrinting: () => {},
    print,
    browser: () => Promise.resolve(printer.browser),
  };
  const makeBrief = async (brief: Brief, data: Dataset, day = asOf) => {
    const marks: [Step, number][] = [];
    const begunMs = performance.now();
    await generate(
      {
        requests: [resolveEdition({ brief, dataset: data, asOf: day })],
        out: join(folder, 'warm'),
        formats: ['pdf', 'html'],
        force: true,
        engine: 'bench',
      },
      {
        effects,
        material,
        store: { read: readEdition, write: storeEdition },
        reports: {
          elapsedMs: () => performance.now(),
          onStep: (_brief, step) => void marks.push([step, performance.now()]),
        },
        signal: new AbortController().signal,
      },
    );
    const endedMs = performance.now();
    const lasted = marks.map(([step, at], index) => [step, (marks[index + 1]?.[1] ?? endedMs) - at] as const);
    return { totalMs: endedMs - begunMs, steps: new Map(lasted) };
  };
  const printBare = async () => {
    const begunMs = performance.now();
    await page.setContent(html);
    await page.pdf({ preferCSSPageSize: true, printBackground: true, tagged: true, outline: true });
    return performance.now() - begunMs;
  };

  const { name, version } = printer.browser;
  console.log(`Warm briefs as of ${asOf}, ${rounds} rounds after ${warmUps} to warm up; ${name} ${version}`);
  console.log(`  (datasets, briefs and fonts are loaded once a process: ${loadedMs.toFixed(0)} ms, cold)\n`);
  const rows = [['brief', 'sitrep, ms', 'browser alone, ms', 'ratio', `limit ${limits.warmRatio}`, ...steps]];
  const measured = briefs.map((brief) => ({
    brief,
    ours: Array<number>(),
    bare: Array<number>(),
    bySteps: new Map<Step, number[]>(steps.map((step) => [step, []])),
  }));
  // All briefs in each round: what one brief warms up serves the others, as it does in a running process.
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const { brief, ours, bare, bySteps } of measured) {
      const made = await makeBrief(brief, dataset);
      const bareMs = await printBare();
      if (round < 0) continue;
      ours.push(made.totalMs);
      bare.push(bareMs);
      for (const [step, ms] of made.steps) bySteps.get(step)?.push(ms);
    }
  }
  for (const { brief, ours, bare, bySteps } of measured) {
    // Round by round, so that what slows one half of a round slows both.
    const ratios = ours.map((ms, round) => ms / (bare[round] ?? Number.NaN));
    const ratio = quantile(ratios, 0.5);
    rows.push([
      brief.id,
      spread(ours),
      spread(bare),
      spread(ratios, '', 2),
      verdict(ratio, limits.warmRatio),
      ...steps.map((step) => quantile(bySteps.get(step) ?? [], 0.5).toFixed(0)),
    ]);
  }
  for (const row of rows) {
    console.log(
      `  ${row.map((cell, column) => cell.padEnd(Math.max(...rows.map((each) => each[column]?.length ?? 0)))).join('  ')}`,
    );
  }
  const apart: number[] = [];
  for (let round = 0; round < rounds; round += 1)
    for (const day of manyDays)
      for (const brief of briefs.filter(({ id }) => id === 'weekly')) {
        const { totalMs } = await makeBrief(brief, dataset, day);
        if (day === asOf) apart.push(totalMs);
      }
  console.log(`  weekly, its rows not asked for before: ${spread(apart, 'ms')}`);
  for (const atOnce of [1, 2])
    await benchQueue({
      atOnce,
      editions: Number(options.queued),
      limitPercent: limits.queuePercent,
      folder: join(folder, `queue-${atOnce}`),
      briefs,
      dataset,
      material,
      effects,
    });
  console.log('\n  Times are medians with the 10th to the 90th percentile; steps are medians in ms.');
}
