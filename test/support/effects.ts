import { type DrawChart, drawChart } from '../../src/charts/draw.ts';
import { registerChartFonts } from '../../src/charts/worker.ts';
import { openQueries } from '../../src/query/database.ts';
import type { OpenQueries } from '../../src/query/select.ts';
import { rememberedDrawings, rememberedQueries } from './queries.ts';

interface Rendering {
  readonly openQueries: OpenQueries;
  readonly drawChart: DrawChart;
}

/** Charts are drawn in the process of the test: a process for each file of tests would take half a second to start. */
await registerChartFonts();
export const rendering: Rendering = { openQueries, drawChart };

/** The same, but no query or drawing twice in a process of tests. */
export const remembered: Rendering = {
  openQueries: rememberedQueries(),
  drawChart: rememberedDrawings(drawChart),
};
