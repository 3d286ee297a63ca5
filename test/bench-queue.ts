import { join } from 'node:path';
import { readEdition, storeEdition } from '../src/adapters/editions.ts';
import { loadBriefs } from '../src/adapters/briefs.ts';
import { loadDataset } from '../src/adapters/dataset.ts';
import { rememberDatasets } from '../src/adapters/remembered-datasets.ts';
import { openEmbeddedLedger } from '../src/adapters/ledger/open.ts';
import type { Brief } from '../src/model/brief.ts';
import { dayAfter } from '../src/model/calendar.ts';
import type { Dataset } from '../src/model/dataset.ts';
import { editionId } from '../src/model/edition-id.ts';
import type { Effects, Material } from '../src/pipeline/produce.ts';
import { generate, type Store } from '../src/runtime/generate.ts';
import { makeEdition } from '../src/runtime/make-edition.ts';
import { quantile, spread, verdict } from './support/numbers.ts';

const AT_A_TIME = 3;
const WARM_UPS = 2;
const never = new AbortController().signal;
const durably: Store = {
  read: readEdition,
  write: (folder, files, description) => storeEdition(folder, files, description, { durable: true }),
};

/**
 * What the queue costs: editions made by a worker of the embedded ledger, each asked for, claimed, made and settled,
 * against the same made by calling `generate`. They take turns, a few editions each, one at a time. The worker reads the brief
 * for each edition, and the dataset when it was changed, as the service does: that is shown apart.
 */
export async function benchQueue({
  editions,
  limitPercent,
  folder,
  briefs,
  dataset,
  material,
  effects,
}: {
  editions: number;
  limitPercent: number;
  folder: string;
  briefs: readonly Brief[];
  dataset: Dataset;
  material: Material;
  effects: Effects;
}): Promise<void> {
  const brief = briefs.find(({ id }) => id === 'weekly');
  if (brief === undefined) throw new Error('There is no brief "weekly".');
  await using ledger = await openEmbeddedLedger(join(folder, '.ledger'), { onError: console.error });
  const reports = { elapsedMs: () => performance.now(), onStep: () => {} };

  const direct = async (asOf: string) => {
    const job = {
      requests: [{ brief, dataset, asOf, paper: brief.config.paper, parameters: {} }],
      out: join(folder, 'direct'),
      formats: ['pdf', 'html'],
      force: false,
      engine: 'bench',
    } as const;
    await generate(job, { effects, material, store: durably, reports, signal: never });
  };

  let left = 0;
  let done = Promise.withResolvers<void>();
  const loadMs: number[] = [];
  const timed = async <T>(work: Promise<T>): Promise<T> => {
    const begunMs = performance.now();
    const result = await work;
    loadMs.push(performance.now() - begunMs);
    return result;
  };
  const remembered = rememberDatasets(loadDataset);
  const workshop = {
    ledger,
    loadBrief: async (id: string) => {
      const [loaded] = await timed(loadBriefs('templates', [id]));
      if (loaded === undefined) throw new Error(`There is no brief "${id}".`);
      return loaded;
    },
    loadDataset: (name: string) => timed(remembered(join('data', name), `data/${name}`)),
    loadMaterial: () => Promise.resolve(material),
    effects,
    store: durably,
    engine: 'bench',
    out: join(folder, 'queued'),
    operator: null,
    log: { info: () => {}, warn: console.error, error: console.error },
    now: () => new Date(),
    elapsedMs: () => performance.now(),
    random: Math.random,
  };
  await using _worker = await ledger.work({
    editionsAtOnce: 1,
    deliveriesAtOnce: 1,
    async edition(job) {
      await makeEdition(job, workshop);
      left -= 1;
      if (left === 0) done.resolve();
    },
    delivery: () => Promise.resolve(),
  });
  const queued = async (days: readonly string[]) => {
    left = days.length;
    done = Promise.withResolvers();
    const { paper } = brief.config;
    const asked = days.map((asOf) => ({
      id: editionId({ brief: brief.id, asOf, paper, ownPaper: paper, parameters: {} }),
      brief: brief.id,
      asOf,
      paper,
      parameters: {},
      partOf: null,
      origin: 'request' as const,
      slot: null,
      reach: 'all' as const,
    }));
    await ledger.request(asked, new Date());
    await done.promise;
  };

  const [ours, theirs, loads] = [Array<number>(), Array<number>(), Array<number>()];
  let day = '2021-07-01';
  for (let round = -WARM_UPS; round < Math.ceil(editions / AT_A_TIME); round += 1) {
    const days = Array.from({ length: AT_A_TIME }, () => (day = dayAfter(day)));
    const begunMs = performance.now();
    for (const asOf of days) await direct(asOf);
    const directMs = performance.now();
    loadMs.length = 0;
    await queued(days);
    const queuedMs = performance.now();
    if (round < 0) continue;
    theirs.push((directMs - begunMs) / AT_A_TIME);
    ours.push((queuedMs - directMs) / AT_A_TIME);
    loads.push(loadMs.reduce((sum, ms) => sum + ms, 0) / AT_A_TIME);
  }
  const { rendered: made = 0 } = (await ledger.counts()).editions;
  // Round by round, so that what slows one half of a round slows both.
  const costs = ours.map((ms, round) => ms - (theirs[round] ?? Number.NaN) - (loads[round] ?? Number.NaN));
  const percents = costs.map((ms, round) => (ms / (theirs[round] ?? Number.NaN)) * 100);
  const percent = quantile(percents, 0.5);
  console.log(
    `\n  Queue: ${ours.length * AT_A_TIME} editions of weekly, ${AT_A_TIME} in turn (${made} in the ledger)`,
  );
  console.log(`    by generate alone              ${spread(theirs, 'ms', 1)} an edition`);
  console.log(`    through the embedded ledger    ${spread(ours, 'ms', 1)}`);
  console.log(`    of it reading brief and data   ${spread(loads, 'ms', 1)}`);
  console.log(`    the queue                      ${spread(costs, 'ms', 1)}, ${spread(percents, '%', 1)};`);
  console.log(`    limit ${limitPercent} %: ${verdict(percent, limitPercent)}`);
}
