import { openQueries } from '../../src/adapters/duckdb.ts';
import { registerChartFonts } from '../../src/adapters/chart-fonts.ts';
import { drawChart } from '../../src/pipeline/chart.ts';

/** Charts are drawn in the process of the test: a process for each file of tests would take half a second to start. */
await registerChartFonts();
export const rendering = { openQueries, drawChart };
