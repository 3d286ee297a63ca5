import { join } from 'node:path';
import { locale } from './support/locale.ts';
import { quantile, spread, verdict } from './support/numbers.ts';
import { dayAfter } from '../src/calendar.ts';
import { loadDataset } from '../src/dataset/reading/read.ts';
import type { Dataset } from '../src/dataset/schema.ts';
import { editionId } from '../src/ledger/edition-id.ts';
import { openEmbeddedLedger } from '../src/ledger/open.ts';
import { resolveEdition } from '../src/production/fan-out.ts';
import { generate, type Store } from '../src/production/generate.ts';
import type { Effects } from '../src/production/produce.ts';
import { readEdition, storeEdition } from '../src/production/store.ts';
import type { Brief } from '../src/project/brief.ts';
import { remember } from '../src/project/file-cache.ts';
import { loadBrief } from '../src/project/load-briefs.ts';
import type { Material } from '../src/render/edition.ts';
import { makeEdition, openActiveRuns } from '../src/scheduler/make-edition.ts';

const AT_A_TIME = 4;
const WARM_UPS = 2;
const never = new AbortController().signal;
const durably: Store = {
  read: readEdition,
  write: (folder, files, description) => storeEdition(folder, files, description, { durable: true }),
};

/**
 * What the queue costs: editions made by a worker of the embedded ledger, each asked for, claimed, made and settled,
 * against the same made by calling `generate`. They take turns, a few editions each, `atOnce` of them at the same time.
 * The worker reads the brief for each edition, and the dataset when it was changed, as the service does: that is shown
 * apart.
 */
export async function benchQueue({
  atOnce,
  editions,
  limitPercent,
  folder,
  briefs,
  dataset,
  material,
  effects,
}: {
  atOnce: number;
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

  const direct = async (days: readonly string[]) => {
    const left = [...days];
    const next = async (): Promise<void> => {
      for (let asOf = left.shift(); asOf !== undefined; asOf = left.shift()) await make(asOf);
    };
    await Promise.all(Array.from({ length: atOnce }, next));
  };
  const make = async (asOf: string) => {
    const job = {
      requests: [resolveEdition({ brief, dataset, asOf })],
      out: join(folder, 'direct'),
      formats: ['pdf', 'html'],
      force: false,
      engine: 'bench',
    } as const;
    await generate(job, { effects, material, store: durably, reports, signal: never });
  };

  let askMs = 0;
  let left = 0;
  let done = Promise.withResolvers<void>();
  const loadMs: number[] = [];
  const timed = async <T>(work: Promise<T>): Promise<T> => {
    const begunMs = performance.now();
    const result = await work;
    loadMs.push(performance.now() - begunMs);
    return result;
  };
  const readBrief = remember(
    (id) => loadBrief('templates', id),
    (id) => [join('templates', id), 'templates/_afghanistan-2021', 'templates/_shared'],
  );
  const readDataset = remember(
    (name) => loadDataset(join('data', name), `data/${name}`),
    (name) => [join('data', name)],
  );
  const forEditions = {
    ledger,
    loadBrief: (id: string) => timed(readBrief(id)),
    loadDataset: (name: string) => timed(readDataset(name)),
    loadMaterial: () => Promise.resolve(material),
    effects,
    store: durably,
    engine: 'bench',
    activeRuns: openActiveRuns(),
    out: join(folder, 'queued'),
    operator: null,
    log: { info: () => {}, warn: console.error, error: console.error },
    locale,
    now: () => new Date(),
    elapsedMs: () => performance.now(),
    random: Math.random,
  };
  await using _worker = await ledger.work({
    editionsAtOnce: atOnce,
    deliveriesAtOnce: 1,
    refresh: () => Promise.resolve(),
    refreshesAtOnce: 1,
    async edition(job) {
      await makeEdition(job, forEditions);
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
      reach: 'none' as const,
      correction: null,
    }));
    const askedMs = performance.now();
    await ledger.request(asked, new Date());
    askMs = performance.now() - askedMs;
    await done.promise;
  };

  const [ours, theirs, loads, asks] = [0, 1, 2, 3].map(() => Array<number>()) as [
    number[],
    number[],
    number[],
    number[],
  ];
  let day = '2021-06-01';
  for (let round = -WARM_UPS; round < Math.ceil(editions / AT_A_TIME); round += 1) {
    const days = Array.from({ length: AT_A_TIME }, () => (day = dayAfter(day)));
    // Whoever comes second finds the machine warmer.
    const turns = round % 2 === 0 ? [direct, queued] : [queued, direct];
    loadMs.length = 0;
    const took = new Map<typeof direct, number>();
    for (const turn of turns) {
      const begunMs = performance.now();
      await turn(days);
      took.set(turn, (performance.now() - begunMs) / AT_A_TIME);
    }
    if (round < 0) continue;
    theirs.push(took.get(direct) ?? Number.NaN);
    ours.push(took.get(queued) ?? Number.NaN);
    asks.push(askMs / AT_A_TIME);
    loads.push(loadMs.reduce((sum, ms) => sum + ms, 0) / AT_A_TIME);
  }
  const { rendered: made = 0 } = (await ledger.counts()).editions;
  const part = (values: readonly number[], round: number) => values[round] ?? Number.NaN;
  // Round by round, so that what slows one half of a round slows both.
  const costs = ours.map((ms, round) => ms - part(theirs, round) - part(loads, round));
  const percents = costs.map((ms, round) => (ms / part(theirs, round)) * 100);
  const percent = quantile(percents, 0.5);
  console.log(
    `\n  Queue: ${ours.length * AT_A_TIME} editions of weekly, ${AT_A_TIME} in turn, ${atOnce === 1 ? 'one at a time' : `${atOnce} at once as the service does`} (${made} in the ledger)`,
  );
  console.log(`    by generate alone               ${spread(theirs, 'ms', 1)} an edition`);
  console.log(`    through the embedded ledger     ${spread(ours, 'ms', 1)}`);
  console.log(`    of it reading brief and data    ${spread(loads, 'ms', 1)}`);
  console.log(`    asking alone                    ${spread(asks, 'ms', 1)}`);
  console.log(`    of it asking, claiming, settling ${spread(costs, 'ms', 1)}, ${spread(percents, '%', 1)};`);
  console.log(`    limit ${limitPercent} %: ${verdict(percent, limitPercent)}`);
}
