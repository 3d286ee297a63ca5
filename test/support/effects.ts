import { drawChart } from '../../src/charts/draw.ts';
import { registerChartFonts } from '../../src/charts/worker.ts';
import { openQueries } from '../../src/query/database.ts';

/** Charts are drawn in the process of the test: a process for each file of tests would take half a second to start. */
await registerChartFonts();
export const rendering = { openQueries, drawChart };
