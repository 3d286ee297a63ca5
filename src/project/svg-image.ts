import { type DefaultTreeAdapterTypes as Svg, html, parseFragment } from 'parse5';
import type { Fault } from '../errors.ts';
import { escapeMarkup } from '../escape.ts';

/** A drawing written anew from its allowed parts, with its size in CSS pixels. */
interface CleanSvg {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

const drawn = new Set(
  'svg g defs symbol use path rect circle ellipse line polyline polygon linearGradient radialGradient stop clipPath mask pattern marker'.split(
    ' ',
  ),
);
/** Describe the drawing or belong to the program that wrote it, and leave no mark. */
const unseen = new Set(['title', 'desc', 'metadata']);
const hints: { readonly [element: string]: string } = {
  style:
    'Export it with presentation attributes in place of a style sheet: mail shows a drawing without one.',
  text: 'Convert the text to paths: the fonts of the page do not reach into a drawing.',
  image: 'Draw it, or use the bitmap itself as the image.',
};
/** More elements than this are a map or a photograph, and slow every page. */
const MOST_ELEMENTS = 20_000;

/**
 * Reads an SVG file as browsers do and writes it anew, so that nothing else is in it: no scripts, events, references
 * to other files, text, bitmaps or metadata. Returns faults if it has something that a reader would miss, or that runs
 * or loads something.
 */
export function sanitizeSvg(text: string): CleanSvg | Fault[] {
  const faults: Fault[] = [];
  const fault = (node: Svg.Element, problem: string, hint: string): void => {
    const line = node.sourceCodeLocation?.startLine;
    faults.push({ ...(line === undefined ? {} : { line }), problem, hint });
  };
  const top = parseFragment(text, { sourceCodeLocationInfo: true, scriptingEnabled: false });
  const elements = top.childNodes.filter(isElement);
  const [root] = elements;
  if (root === undefined || elements.length > 1 || !isSvg(root) || root.tagName !== 'svg')
    return [
      {
        problem: 'The file is not a single SVG drawing.',
        hint: 'Export it again as SVG, without HTML inside.',
      },
    ];

  const withUse = new Set<string>();
  const uses: { readonly node: Svg.Element; readonly id: string }[] = [];
  let count = 0;
  const write = (node: Svg.Element, around: readonly string[]): string => {
    const name = node.tagName;
    count += 1;
    if (count > MOST_ELEMENTS || unseen.has(name) || name.includes(':')) return '';
    if (!isSvg(node) || !drawn.has(name)) {
      fault(node, `The drawing has <${name}>.`, hints[name] ?? 'Remove it, and export the drawing again.');
      return '';
    }
    const own = attributesOf(node, (what) =>
      fault(node, `The drawing has ${what}.`, 'Remove it, and export the drawing again.'),
    );
    const ids = own.flatMap(([key, value]) => (key === 'id' ? [value] : []));
    const href = own.find(([key]) => key === 'href')?.[1];
    if (name === 'use') {
      for (const id of around) withUse.add(id);
      uses.push({ node, id: href?.slice(1) ?? '' });
    }
    const inner = node.childNodes
      .filter(isElement)
      .map((child) => write(child, [...around, ...ids]))
      .join('');
    const written = node === root ? own.filter(([key]) => !placing.has(key)) : own;
    return tag(name, written, inner);
  };
  const size = sizeOf(root);
  const body = write(root, []);
  if (count > MOST_ELEMENTS)
    return [
      {
        problem: `The drawing has more than ${MOST_ELEMENTS.toLocaleString('en-GB')} elements.`,
        hint: 'Simplify it, or export it as PNG.',
      },
    ];
  // A drawing that repeats its own repetitions grows without end.
  for (const { node, id } of uses)
    if (withUse.has(id))
      fault(node, `<use> repeats "#${id}", which has <use> itself.`, 'Draw one of the two.');
  if (size === null)
    fault(root, 'The drawing has no size.', 'Give <svg> a viewBox, or width and height in pixels.');
  if (faults.length > 0 || size === null) return faults;
  const { viewBox, width, height } = size;
  const frame = `xmlns="${html.NS.SVG}" viewBox="${viewBox}" width="${width}" height="${height}"`;
  return { svg: body.replace('<svg', `<svg ${frame}`), width, height };
}

/** Attributes of the outermost element that the frame sets. */
const placing = new Set(['x', 'y', 'width', 'height', 'viewBox']);

const isElement = (node: Svg.ChildNode): node is Svg.Element => 'tagName' in node;
const isSvg = ({ namespaceURI }: Svg.Element): boolean => namespaceURI === html.NS.SVG;

const tag = (name: string, attributes: readonly (readonly [string, string])[], inner: string): string =>
  `<${name}${attributes.map(([key, value]) => ` ${key}="${escapeMarkup(value)}"`).join('')}${inner === '' ? '/>' : `>${inner}</${name}>`}`;

/** References within the drawing; whatever else a style could load or run. */
const within = /url\(\s*(["']?)#[\w.:-]+\1\s*\)/gi;
const reaching = /url\s*\(|image-set|\b(?:image|src|expression)\s*\(|@|\\|(?:java|vb)script:|data:/i;

function attributesOf({ attrs }: Svg.Element, refuse: (what: string) => void): (readonly [string, string])[] {
  return attrs.flatMap(({ name, prefix, value }) => {
    const shown = value.length > 40 ? `${value.slice(0, 40)}…` : value;
    if (/^on/i.test(name)) refuse(`the attribute ${name}`);
    else if (name === 'href') {
      if (/^#[\w.:-]+$/.test(value)) return [['href', value] as const];
      refuse(`a link to "${shown}"`);
    }
    // Of the program that wrote the file, or of the XML itself.
    else if ((prefix !== undefined && prefix !== '') || /^xmlns|:|^data-/.test(name)) return [];
    else if (reaching.test(value.replaceAll(within, ''))) refuse(`${name}="${shown}"`);
    else return [[name, value] as const];
    return [];
  });
}

function sizeOf({ attrs }: Svg.Element): { viewBox: string; width: number; height: number } | null {
  const given = (key: string) => attrs.find(({ name }) => name === key)?.value.trim();
  const box = (given('viewBox') ?? '').split(/[\s,]+/).map(Number);
  const [, , width = 0, height = 0] = box;
  if (box.length === 4 && box.every(Number.isFinite) && width > 0 && height > 0)
    return { viewBox: box.join(' '), width, height };
  const [wide, high] = [given('width'), given('height')].map((text) =>
    /^[\d.]+(?:px)?$/.test(text ?? '') ? Number.parseFloat(text ?? '') : 0,
  );
  return wide && high ? { viewBox: `0 0 ${wide} ${high}`, width: wide, height: high } : null;
}
