import * as vega from 'vega';
import { z } from 'zod';

/** The column added to each row of a chart, which identifies the row of a mark. */
export const rowKey = 'sitrep_row';

export type Box = Readonly<Record<'left' | 'top' | 'right' | 'bottom', number>>;

interface Drawn extends Box {
  /** `mark` for elements in the spec; otherwise the part of an axis or legend, such as `axis-label`. */
  readonly role: string;
  /** The row of the mark, as `<data set> <index>`; null if the mark has no row or several. */
  readonly row: string | null;
  /** Whether it is cut off by the edge of its container, or a text by its mark's limit. */
  readonly cut: boolean;
}

/** The visible contents of a drawing, in the coordinates of its view box. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly texts: readonly (Drawn & { readonly text: string })[];
  /** All other visible marks, with their type; a group that clips cuts them off at its edge. */
  readonly marks: readonly (Drawn & { readonly type: string })[];
  /** Marks that would be visible but lie entirely outside their container. */
  readonly lost: readonly Pick<Scene['marks'][number], 'type' | 'row'>[];
}

interface Item {
  readonly bounds: Readonly<Record<'x1' | 'y1' | 'x2' | 'y2', number>>;
  readonly x?: number;
  readonly y?: number;
  readonly width?: number;
  readonly height?: number;
  readonly text?: unknown;
  readonly limit?: number;
  readonly opacity?: number;
  readonly fill?: unknown;
  readonly fillOpacity?: number;
  readonly stroke?: unknown;
  readonly strokeOpacity?: number;
  readonly strokeWidth?: number;
  readonly clip?: boolean;
  readonly datum?: unknown;
  readonly items?: readonly Mark[];
}
interface Mark {
  readonly marktype: string;
  readonly role?: string;
  readonly clip?: unknown;
  readonly items: readonly Item[];
}

const keyed = z.object({ [rowKey]: z.string() });
const everywhere: Box = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };

/**
 * Lists the elements that a view has drawn, and their positions. `svg` is the drawing: rendering it has measured every
 * element.
 */
export function readScene(view: vega.View, svg: string): Scene {
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? [];
  // Vega measures the origin from inside the padding.
  const padding = view.padding();
  const inset =
    typeof padding === 'number' ? { left: padding, top: padding } : { left: 0, top: 0, ...padding };
  const [x, y] = view.origin();
  const texts: Scene['texts'][number][] = [];
  const marks: Scene['marks'][number][] = [];
  const lost: Scene['lost'][number][] = [];

  const walk = (mark: Mark, left: number, top: number, clip: Box): void => {
    const role = mark.role ?? 'mark';
    for (const item of mark.items) {
      const { bounds, opacity = 1 } = item;
      if (opacity === 0) continue;
      const whole = boxAt(left, top, bounds);
      const box = intersection(whole, clip);
      if (mark.marktype === 'group') {
        const [groupLeft, groupTop] = [left + (item.x ?? 0), top + (item.y ?? 0)];
        const edge = boxAt(groupLeft, groupTop, { x1: 0, y1: 0, x2: item.width ?? 0, y2: item.height ?? 0 });
        for (const child of item.items ?? []) {
          const clips = item.clip === true || child.clip === true;
          walk(child, groupLeft, groupTop, clips ? intersection(edge, clip) : clip);
        }
        continue;
      }
      if (!isPainted(item)) continue;
      const row = keyed.safeParse(item.datum).data?.[rowKey] ?? null;
      if (mark.marktype === 'text') {
        const lines = (Array.isArray(item.text) ? item.text : [item.text ?? '']).map(String);
        const text = lines.join(' ');
        if (text.trim() === '') continue;
        const cut = isShortened(item, lines) || isLess(box, whole);
        texts.push({ ...box, text, role, row, cut });
      } else if (hasExtent(box)) {
        marks.push({ ...box, type: mark.marktype, role, row, cut: isLess(box, whole, lineWidth) });
      } else if (hasExtent(whole)) lost.push({ type: mark.marktype, row });
    }
  };
  // Vega's types do not describe the scene graph.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { root } = view.scenegraph() as unknown as { readonly root: Mark };
  walk(root, inset.left + x, inset.top + y, everywhere);
  return { width: Number(width), height: Number(height), texts, marks, lost };
}

/** Vega ends text that exceeds its limit with an ellipsis. */
function isShortened(item: Item, lines: readonly string[]): boolean {
  const { limit = 0 } = item;
  return limit > 0 && lines.some((line) => measure.width({ ...item, limit: 0 }, line) > limit);
}
// Vega exports the function that measures text, but not its type.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const measure = Reflect.get(vega, 'textMetrics') as { width: (item: object, text: string) => number };

/** A line has no width, and a box outside its clip has a negative size. */
const hasExtent = ({ left, top, right, bottom }: Box): boolean =>
  right >= left && bottom >= top && (right > left || bottom > top);

/** Whether its fill or stroke is visible. */
function isPainted({ fill, fillOpacity = 1, stroke, strokeOpacity = 1, strokeWidth = 1 }: Item): boolean {
  const filled = shows(fill) && fillOpacity > 0;
  return filled || (shows(stroke) && strokeOpacity > 0 && strokeWidth > 0);
}
/** `none`, `#1230`, `rgba(1, 2, 3, 0)`, `rgb(1 2 3 / 0%)`. */
const colourless =
  /^\s*(?:none|transparent|#\w{3}0|#\w{6}00|(?:rgb|hsl)a?\((?:(?:[^,/]*,){3}|[^/]*\/)\s*[0.]*%?\s*\))?\s*$/i;
const shows = (paint: unknown): boolean =>
  typeof paint === 'string' ? !colourless.test(paint) : paint !== undefined && paint !== null;

const boxAt = (left: number, top: number, { x1, y1, x2, y2 }: Item['bounds']): Box => ({
  left: left + x1,
  top: top + y1,
  right: left + x2,
  bottom: top + y2,
});

const intersection = (box: Box, clip: Box): Box => ({
  left: Math.max(box.left, clip.left),
  top: Math.max(box.top, clip.top),
  right: Math.min(box.right, clip.right),
  bottom: Math.min(box.bottom, clip.bottom),
});

const isLess = (box: Box, whole: Box, slack = 0.01): boolean =>
  box.left > whole.left + slack ||
  box.top > whole.top + slack ||
  box.right < whole.right - slack ||
  box.bottom < whole.bottom - slack;
/** A line at the edge may extend past it by its own width. */
const lineWidth = 1;
