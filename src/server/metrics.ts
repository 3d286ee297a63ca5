import { readdir, readFile } from 'node:fs/promises';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { deliveryStates, editionStates } from '../ledger/edition.ts';
import type { Ledger } from '../ledger/types.ts';

export interface Metrics {
  /** The metrics in Prometheus's text format. */
  read(): Promise<string>;
  readonly contentType: string;
  readonly rendered: (seconds: number) => void;
  readonly beat: (at: Date) => void;
}

/** Metrics: current numbers from the ledger, and what this process has observed. */
export function openMetrics(
  ledger: Ledger,
  {
    now,
    freeBytes,
    unreadableBriefs,
  }: {
    now: () => Date;
    freeBytes: () => Promise<number>;
    /** How many briefs could not be read at the last check. */
    unreadableBriefs: () => number;
  },
): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const editions = new Gauge({
    name: 'sitrep_editions',
    help: 'Editions in the ledger, by state (queued is due).',
    labelNames: ['state'],
    registers,
  });
  const deliveries = new Gauge({
    name: 'sitrep_deliveries',
    help: 'Deliveries in the ledger, by state.',
    labelNames: ['state'],
    registers,
  });
  const oldest = new Gauge({
    name: 'sitrep_oldest_due_seconds',
    help: 'Age of the oldest scheduled edition that is not settled; 0 when none is open.',
    registers,
  });
  const onHold = new Gauge({
    name: 'sitrep_editions_on_hold',
    help: 'Editions that are not made until somebody acts.',
    registers,
  });
  const failed = new Gauge({
    name: 'sitrep_deliveries_failed',
    help: 'Deliveries to recipients that bounced or failed, and were not sent since.',
    registers,
  });
  const oldestDelivery = new Gauge({
    name: 'sitrep_oldest_delivery_seconds',
    help: 'Age of the oldest delivery that waits for a try; 0 when none does.',
    registers,
  });
  const briefs = new Gauge({
    name: 'sitrep_briefs_unreadable',
    help: 'Briefs that are not made because their files or their dataset have faults.',
    registers,
  });
  const free = new Gauge({
    name: 'sitrep_disk_free_bytes',
    help: 'Free bytes on the disk of the output folder.',
    registers,
  });
  const memory = new Gauge({
    name: 'sitrep_browser_memory_bytes',
    help: 'Resident memory of the processes below this one, which are the browser (Linux).',
    registers,
  });
  const beats = new Gauge({
    name: 'sitrep_schedule_last_seconds',
    help: 'When the schedule was last looked at, as a Unix time.',
    registers,
  });
  const seconds = new Histogram({
    name: 'sitrep_render_seconds',
    help: 'Time to make an edition, from data to stored PDF.',
    buckets: [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60],
    registers,
  });
  const made = new Counter({
    name: 'sitrep_rendered_total',
    help: 'Editions made by this process.',
    registers,
  });
  return {
    contentType: registry.contentType,
    async read() {
      const counts = await ledger.counts();
      for (const state of editionStates) editions.set({ state }, counts.editions[state] ?? 0);
      for (const state of deliveryStates) deliveries.set({ state }, counts.deliveries[state] ?? 0);
      const { oldestOpen } = counts;
      const age = (at: Date | null) =>
        at === null ? 0 : Math.max(0, (now().getTime() - at.getTime()) / 1000);
      oldest.set(age(oldestOpen));
      const health = await ledger.deliveryHealth({ failedSince: now() });
      onHold.set(counts.editions.held ?? 0);
      failed.set(health.failed);
      oldestDelivery.set(age(health.oldestWaiting));
      briefs.set(unreadableBriefs());
      free.set(await freeBytes());
      memory.set(await memoryBelow(process.pid));
      return registry.metrics();
    },
    rendered(took) {
      made.inc();
      seconds.observe(took);
    },
    beat: (at) => beats.set(at.getTime() / 1000),
  };
}

/** Resident memory in bytes of all descendants of `pid`; 0 if there is no /proc. */
async function memoryBelow(pid: number): Promise<number> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const read = async (name: string) => {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    // The program's name, in brackets, may contain spaces, so fields are counted from the closing bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid: Number(name), parent: Number(fields[1]), bytes: Number(fields[21]) * 4096 };
  };
  const all = await Promise.all(pids.map(read));
  const below = (parent: number): number =>
    all
      .filter((each) => each.parent === parent && each.pid !== parent)
      .reduce((sum, each) => sum + each.bytes + below(each.pid), 0);
  return below(pid);
}
