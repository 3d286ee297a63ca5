import { readRowTrace, strip, type Provenance } from '../trace.ts';

/** An element of a composed page. */
export interface Element {
  readonly name: string;
  readonly attributes: { readonly [name: string]: string };
  readonly children: readonly Node[];
  readonly parent: Element | null;
  /** The template that wrote it, and where; that of what it stands in, where a helper wrote it. */
  readonly file: string;
  readonly line: number;
}

export interface Text {
  readonly text: string;
  /** The template whose element or block it stands in. */
  readonly file: string;
  /** The rows and findings that it is the text of. */
  readonly says: readonly string[];
  /** Whether it is the name of a source, printed from its row. */
  readonly isSourceName?: true;
  /** What gave it, where a query or a finding did and it was printed by a plain name. */
  readonly row?: Provenance;
  /** The number of the expression that printed it, in a page that is to be explained. */
  readonly put?: number;
}

/** The rows that a citation names. */
interface Citation {
  readonly cites: readonly string[];
}

export type Node = Element | Text | Citation;

export interface HtmlTree {
  readonly root: Element;
  /** All elements in the order of the page. */
  readonly elements: readonly Element[];
  /** Tags that are not closed where they were opened, so that the page cannot be read for certain. */
  readonly unbalanced: readonly { readonly tag: string; readonly file: string; readonly line: number }[];
}

const voidTags = new Set('area base br col embed hr img input link meta param source track wbr'.split(' '));
const rawTags = new Set(['style', 'script', 'title', 'textarea']);
const notInParagraph = new Set(
  'address article aside blockquote details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section table ul'.split(
    ' ',
  ),
);
const token = /<!doctype[^>]*>|<!--(\w*) ?([^>]*?)-->|<(\/?)([a-z][\w:-]*)((?:"[^"]*"|'[^']*'|[^'">])*)>/gi;
const attribute = /([^\s=/"'<>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;

/**
 * Reads a traced page. Every element must be closed by a tag of its own, as ours are: what a browser would mend by
 * rule is reported instead, so that this and the browser never see two different pages.
 */
export function parseHtml(html: string): HtmlTree {
  interface Growing extends Element {
    readonly children: Node[];
    readonly parent: Growing | null;
  }
  const root: Growing = { name: '', attributes: {}, children: [], parent: null, file: '', line: 0 };
  const elements: Element[] = [];
  const unbalanced: HtmlTree['unbalanced'][number][] = [];
  let current = root;
  /** What traces are open, the innermost last: the text of a row, or the block of a template. */
  const traces: {
    readonly says?: string;
    readonly file?: string;
    readonly put?: number;
    readonly row?: Provenance;
    readonly isSourceName?: true;
    readonly within: Element;
  }[] = [];
  const addText = (raw: string): void => {
    if (raw.trim() === '') {
      if (raw !== '') current.children.push({ text: ' ', file: current.file, says: [] });
      return;
    }
    const block = traces.findLast(({ file }) => file !== undefined);
    // An element within the block knows its own template.
    const file = block?.within === current ? (block.file ?? '') : current.file;
    const says = traces.flatMap(({ says: id }) => (id === undefined ? [] : [id]));
    const row = traces.findLast((trace) => trace.row !== undefined)?.row;
    const isSourceName = traces.findLast((trace) => trace.isSourceName)?.isSourceName;
    const put = traces.findLast((trace) => trace.put !== undefined)?.put;
    current.children.push({
      text: decode(raw),
      file,
      says,
      ...(put !== undefined && { put }),
      ...(row && { row }),
      ...(isSourceName && { isSourceName }),
    });
  };

  let position = 0;
  token.lastIndex = 0;
  for (let found = token.exec(html); found !== null; found = token.exec(html)) {
    const [whole, kind, value = '', closing, tag = '', rest = ''] = found;
    addText(html.slice(position, found.index));
    position = token.lastIndex;
    if (kind !== undefined) {
      if (kind === 'say') traces.push({ says: value, within: current });
      else if (kind === 'row') traces.push({ row: readRowTrace(value), within: current });
      else if (kind === 'name') traces.push({ isSourceName: true, within: current });
      else if (kind === 'of') traces.push({ file: value, within: current });
      else if (kind === 'put') traces.push({ put: Number(value), within: current });
      else if (kind === 'cite') current.children.push({ cites: value.split(' ').filter(Boolean) });
      else if (kind === 'end') traces.pop();
      continue;
    }
    if (tag === '') continue;
    const name = tag.toLowerCase();
    if (closing) {
      if (current.name === name && current.parent) current = current.parent;
      else unbalanced.push({ tag: `</${name}>`, file: current.file, line: current.line });
      continue;
    }
    const attributes = readAttributes(rest);
    const at = /^(.*):(\d+)$/.exec(attributes['data-at'] ?? '');
    const { file, line } = at ? { file: at[1] ?? '', line: Number(at[2]) } : current;
    const element: Growing = { name, attributes, children: [], parent: current, file, line };
    // HTML ends a paragraph where one of these begins, and knows "/>" in drawings alone.
    if (current.name === 'p' && notInParagraph.has(name))
      unbalanced.push({ tag: `<${name}> in <p>`, file, line });
    current.children.push(element);
    elements.push(element);
    if (voidTags.has(name)) continue;
    if (whole.endsWith('/>')) {
      if (isDrawn(element)) continue;
      unbalanced.push({ tag: `<${name}/>`, file, line });
    }
    if (rawTags.has(name) && !isDrawn(element)) {
      const end = html.indexOf(`</${tag}`, position);
      const raw = html.slice(position, end === -1 ? undefined : end);
      element.children.push({ text: name === 'title' ? decode(raw) : raw, file, says: [] });
      position = end === -1 ? html.length : html.indexOf('>', end) + 1;
      token.lastIndex = position;
      continue;
    }
    current = element;
  }
  addText(html.slice(position));
  for (let open: Element | null = current; open?.parent; open = open.parent)
    unbalanced.push({ tag: `<${open.name}>`, file: open.file, line: open.line });
  return { root, elements, unbalanced };
}

function isDrawn(element: Element): boolean {
  for (let up: Element | null = element; up; up = up.parent) if (up.name === 'svg') return true;
  return false;
}

function readAttributes(rest: string): { [name: string]: string } {
  const attributes: { [name: string]: string } = {};
  for (const [, name = '', double, single, bare] of rest.matchAll(attribute))
    attributes[name.toLowerCase()] = decode(strip(double ?? single ?? bare ?? ''));
  return attributes;
}

const entities: { readonly [name: string]: string } = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  shy: '\u00ad',
  zwj: '\u200d',
  zwnj: '\u200c',
};
/** What browsers show for a number that is no character. */
export const codePoint = (code: number): string =>
  code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';

/** The five entities that escaping makes, numbered ones, and those for blanks and joiners; others stay as they are. */
export function decode(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(
    // A number needs no semicolon to be one.
    /&(?:#x([0-9a-f]+);?|#(\d+);?|(\w+);)/gi,
    (entity, hex?: string, decimal?: string, name?: string) =>
      name !== undefined
        ? (entities[name] ?? entity)
        : codePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
  );
}

export const isElement = (node: Node): node is Element => 'name' in node;
export const isText = (node: Node): node is Text => 'text' in node;
/** Whether readers see none of what an element holds. */
export const isUnseen = ({ name }: Element): boolean => name === 'style' || name === 'script';

/** What readers see: the page without its head. */
export const bodyOf = ({ root, elements }: HtmlTree): Element =>
  elements.find(({ name }) => name === 'body') ?? root;

/** All text below an element, blanks in a row as one. */
export function textOf(element: Element): string {
  const parts: string[] = [];
  const walk = (node: Node): void => {
    if (isText(node)) parts.push(node.text);
    else if (isElement(node) && !isUnseen(node)) for (const child of node.children) walk(child);
  };
  walk(element);
  return parts.join('').replaceAll(/\s+/g, ' ').trim();
}
