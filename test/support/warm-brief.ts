import { join } from 'node:path';
import type { ChartProcess } from '../../src/charts/worker.ts';
import type { Printer } from '../../src/pdf/browser/print.ts';
import { resolveEdition } from '../../src/production/fan-out.ts';
import { type Effects, produce } from '../../src/production/produce.ts';
import { openQueries } from '../../src/query/database.ts';
import { shareQueries } from '../../src/query/shared-database.ts';
import { openProject } from '../../src/wiring/project.ts';

const root = join(import.meta.dirname, '../..');

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begunMs = performance.now();
  await work();
  return performance.now() - begunMs;
}

/** A brief of a project as a running service makes it: each edition uses the same database, browser and charts. */
export async function warmBrief(
  { folder, id, asOf }: { folder: string; id: string; asOf: string },
  { printer, charts }: { printer: Printer; charts: ChartProcess },
) {
  const queries = shareQueries(openQueries);
  const project = openProject(folder, { sitrep: root });
  const brief = await project.loadBrief(id);
  const dataset = await project.loadDataset(brief.config.dataset);
  let printMs = 0;
  const effects: Effects = {
    openQueries: queries.open,
    drawChart: charts.drawChart,
    startPrinting: () => {},
    print: async (...given) => {
      const begunMs = performance.now();
      const printed = await printer.print(...given);
      printMs += performance.now() - begunMs;
      return printed;
    },
    browser: () => Promise.resolve(printer.browser),
  };
  const material = await project.loadMaterial();
  return {
    brief,
    dataset,
    queries,
    /** Makes an edition. The milliseconds of all of it, and those of printing. */
    make: async (): Promise<{ ms: number; printMs: number }> => {
      printMs = 0;
      const ms = await timed(() => produce(resolveEdition({ brief, dataset, asOf }), effects, material));
      return { ms, printMs };
    },
    [Symbol.asyncDispose]: () => queries[Symbol.asyncDispose](),
  };
}
