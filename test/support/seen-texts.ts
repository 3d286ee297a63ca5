/// <reference lib="dom" />
import type { Page } from 'puppeteer';

/** A piece of text as it is seen on a page. Colours are `rgb(…)`. */
export interface SeenText {
  readonly text: string;
  readonly sizePt: number;
  readonly colour: string;
  /** The colours of what lies behind its middle: several where that is a gradient. */
  readonly behind: readonly string[];
  /** Whether it is part of a drawing. */
  readonly isDrawn: boolean;
  /** Whether it is a paragraph in the face of running text. */
  readonly isRunning: boolean;
}

/** Every piece of text that is to be seen; the whole page must lie within the window. */
export async function readTexts(page: Page): Promise<SeenText[]> {
  const found = await page.evaluate(() => {
    const clear = 'rgba(0, 0, 0, 0)';
    const paintsOf = (element: Element): string[] => {
      const style = getComputedStyle(element);
      if (!(element instanceof SVGElement)) return [style.backgroundColor];
      if (!(element instanceof SVGGeometryElement) || style.fill === 'none') return [clear];
      const gradient = /^url\("(#[^"]*)"\)$/.exec(style.fill)?.[1];
      if (gradient === undefined) return [style.fill];
      return [...document.querySelectorAll(`${gradient} stop`)].map(
        (stop) => getComputedStyle(stop).stopColor,
      );
    };
    const pieces = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = (node.textContent ?? '').trim();
      if (element === null || text === '') continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const [box] = range.getClientRects();
      if (box === undefined || box.width === 0) continue;
      const style = getComputedStyle(element);
      const svg = element instanceof SVGGraphicsElement ? element : null;
      const scale = svg?.getScreenCTM()?.a ?? 1;
      const under = document.elementsFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      pieces.push({
        text,
        sizePt: Number.parseFloat(style.fontSize) * scale * 0.75,
        colour: svg ? style.fill : style.color,
        layers: under.filter((each) => !(each instanceof SVGTextContentElement)).map(paintsOf),
        isDrawn: svg !== null,
        isRunning: element.closest('p') === element && style.fontFamily.includes('Source Serif'),
      });
    }
    return pieces;
  });
  return found.map(({ layers, ...text }) => ({ ...text, behind: blend(layers) }));
}

/**
 * The ratio of two colours' luminances (WCAG 2.2, "contrast ratio"), as they are and after a printer has made them
 * grey by the weights of Rec. 601, which it applies to the values as they are stored.
 */
export function contrast(one: string, other: string): { inColour: number; inGrey: number } {
  const [a, b] = [channelsOf(one), channelsOf(other)];
  return {
    inColour: ratio(luminance(a), luminance(b)),
    inGrey: ratio(luminance(grey(a)), luminance(grey(b))),
  };
}

/** What is seen of layers on white paper, the topmost first; each may have several colours. */
function blend([top, ...below]: readonly (readonly string[])[]): string[] {
  if (top === undefined) return ['rgb(255, 255, 255)'];
  const parsed = top.map(parse);
  if (parsed.every(({ alpha }) => alpha === 1)) return [...top];
  const seen = blend(below).map(channelsOf);
  return parsed.flatMap(({ channels, alpha }) =>
    seen.map((under) => {
      const mixed = channels.map((value, index) => 255 * (value * alpha + (under[index] ?? 0) * (1 - alpha)));
      return `rgb(${mixed.join(', ')})`;
    }),
  );
}

type Channels = readonly [number, number, number];

function parse(colour: string): { channels: Channels; alpha: number } {
  const [red, green, blue, alpha = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  if (red === undefined || green === undefined || blue === undefined)
    throw new Error(`"${colour}" is no colour.`);
  return { channels: [red / 255, green / 255, blue / 255], alpha };
}

function channelsOf(colour: string): Channels {
  const { channels, alpha } = parse(colour);
  if (alpha !== 1) throw new Error(`"${colour}" is not opaque.`);
  return channels;
}

const grey = ([red, green, blue]: Channels): Channels => {
  const value = 0.299 * red + 0.587 * green + 0.114 * blue;
  return [value, value, value];
};

function luminance(channels: Channels): number {
  const [red = 0, green = 0, blue = 0] = channels.map((value) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const ratio = (a: number, b: number): number => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
