import * as vega from 'vega';
import { periodEnding } from '../../src/calendar.ts';
import { readScene, type Scene } from '../../src/charts/scene.ts';
import type { Row } from '../../src/dataset/parse-rows.ts';
import { knownBy } from '../../src/dataset/point-in-time.ts';
import { analyse } from '../../src/findings/analyse.ts';
import { openQueries } from '../../src/query/database.ts';
import { select } from '../../src/query/select.ts';
import { findBrief, type NamedEdition, type Product } from './product.ts';

/** Lays a compiled chart out over its data, and lists what Vega draws and where. */
export async function sceneOf(
  compiled: object,
  data: { readonly [name: string]: readonly Row[] },
): Promise<Scene> {
  const view = new vega.View(vega.parse(structuredClone(compiled)), { renderer: 'none' });
  for (const [name, rows] of Object.entries(data)) view.data(name, structuredClone([...rows]));
  await view.runAsync();
  const scene = readScene(view, await view.toSVG());
  view.finalize();
  return scene;
}

/** The rows that each chart of a brief is drawn from, as of a day. */
export async function chartData(
  { briefs, dataset }: Product,
  { brief: id, asOf, parameters }: Pick<NamedEdition, 'brief' | 'asOf' | 'parameters'>,
): Promise<{ [chart: string]: { [name: string]: readonly Row[] } }> {
  const brief = findBrief({ briefs }, id);
  const period = periodEnding(asOf, brief.config.period);
  const selected = await select({
    brief,
    known: knownBy(dataset.tables, asOf),
    period,
    parameters,
    settings: dataset.settings,
    openQueries,
  });
  const sets = await selected.all;
  const findings = analyse(brief, sets, { period, imports: [] });
  const rows = (name: string) => dataset.outlines.maps[name] ?? findings[name]?.rows ?? sets[name] ?? [];
  return Object.fromEntries(
    Object.entries(brief.charts).map(([chart, { data }]) => [
      chart,
      Object.fromEntries(Object.entries(data).map(([name, query]) => [name, rows(query)])),
    ]),
  );
}
