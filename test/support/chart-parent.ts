import { once } from 'node:events';
import type { ChartRequest } from '../../src/charts/draw.ts';
import { openChartProcess } from '../../src/charts/worker.ts';

// Run by a test in a process of its own: draws one chart, says so, and draws another.
const message: [[ChartRequest, ChartRequest]] = JSON.parse(JSON.stringify(await once(process, 'message')));
const [[first, second]] = message;
const charts = openChartProcess({ seconds: 600, megabytes: 512 });
await charts.drawChart(first);
process.send?.('drawn');
await charts.drawChart(second);
