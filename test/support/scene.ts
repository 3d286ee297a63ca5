import * as vega from 'vega';
import { openQueries } from '../../src/adapters/duckdb.ts';
import { periodEnding } from '../../src/model/calendar.ts';
import { knownBy } from '../../src/model/known.ts';
import type { Row } from '../../src/model/row.ts';
import { analyse } from '../../src/pipeline/analyse.ts';
import { select } from '../../src/pipeline/select.ts';
import { findBrief, type NamedEdition, type Product } from './product.ts';

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What stands in a drawing, in the coordinates of its view box. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly texts: readonly (Box & { readonly text: string })[];
  /** All else that is to be seen, with the type of its mark; what a group clips ends at the group's edge. */
  readonly marks: readonly (Box & { readonly type: string })[];
}

/** Lays a compiled chart out over its data, and lists what Vega draws and where. */
export async function sceneOf(
  compiled: object,
  data: { readonly [name: string]: readonly Row[] },
): Promise<Scene> {
  const view = new vega.View(vega.parse(structuredClone(compiled)), { renderer: 'none' });
  for (const [name, rows] of Object.entries(data)) view.data(name, structuredClone([...rows]));
  await view.runAsync();
  const { groups } = await readScene(view);
  view.finalize();
  return groups;
}

interface Item {
  readonly bounds: { x1: number; y1: number; x2: number; y2: number };
  readonly x?: number;
  readonly y?: number;
  readonly width?: number;
  readonly height?: number;
  readonly text?: unknown;
  readonly opacity?: number;
  readonly clip?: boolean;
  readonly items?: readonly Mark[];
}
interface Mark {
  readonly marktype: string;
  readonly clip?: unknown;
  readonly items: readonly Item[];
}

async function readScene(view: vega.View): Promise<{ groups: Scene }> {
  const svg = await view.toSVG();
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? [];
  // The origin is counted from within the padding.
  const padding = view.padding();
  const inset =
    typeof padding === 'number' ? { left: padding, top: padding } : { left: 0, top: 0, ...padding };
  const [x, y] = view.origin();
  const texts: Scene['texts'][number][] = [];
  const marks: Scene['marks'][number][] = [];
  const walk = (mark: Mark, left: number, top: number, clip: Box): void => {
    for (const item of mark.items) {
      const { bounds, opacity = 1 } = item;
      if (opacity === 0) continue;
      const box = cut(
        { left: left + bounds.x1, top: top + bounds.y1, right: left + bounds.x2, bottom: top + bounds.y2 },
        clip,
      );
      if (mark.marktype === 'group') {
        const [groupLeft, groupTop] = [left + (item.x ?? 0), top + (item.y ?? 0)];
        const own = {
          left: groupLeft,
          top: groupTop,
          right: groupLeft + (item.width ?? 0),
          bottom: groupTop + (item.height ?? 0),
        };
        for (const child of item.items ?? []) {
          walk(child, groupLeft, groupTop, item.clip === true || child.clip === true ? cut(own, clip) : clip);
        }
      } else if (mark.marktype === 'text') {
        const text = Array.isArray(item.text) ? item.text.join(' ') : String(item.text ?? '');
        if (text.trim() !== '') texts.push({ ...box, text });
      } else if (box.right > box.left || box.bottom > box.top) marks.push({ ...box, type: mark.marktype });
    }
  };
  const { root } = view.scenegraph() as unknown as { root: Mark };
  walk(root, inset.left + x, inset.top + y, {
    left: -Infinity,
    top: -Infinity,
    right: Infinity,
    bottom: Infinity,
  });
  return { groups: { width: Number(width), height: Number(height), texts, marks } };
}

const cut = (box: Box, clip: Box): Box => ({
  left: Math.max(box.left, clip.left),
  top: Math.max(box.top, clip.top),
  right: Math.min(box.right, clip.right),
  bottom: Math.min(box.bottom, clip.bottom),
});

/** The rows that each chart of a brief is drawn from, as of a day. */
export async function chartData(
  { briefs, dataset, material }: Product,
  { brief: id, asOf, parameters }: Pick<NamedEdition, 'brief' | 'asOf' | 'parameters'>,
): Promise<{ [chart: string]: { [name: string]: readonly Row[] } }> {
  const brief = findBrief({ briefs }, id);
  const period = periodEnding(asOf, brief.config.period);
  const sets = await select({ brief, known: knownBy(dataset.tables, asOf), period, parameters, openQueries });
  const findings = analyse(brief, sets);
  const rows = (name: string) => material.maps[name] ?? findings[name]?.rows ?? sets[name] ?? [];
  return Object.fromEntries(
    Object.entries(brief.charts).map(([chart, { data }]) => [
      chart,
      Object.fromEntries(Object.entries(data).map(([name, query]) => [name, rows(query)])),
    ]),
  );
}
