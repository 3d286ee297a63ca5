import {
  defaultTreeAdapter as nodes,
  type DefaultTreeAdapterMap,
  type DefaultTreeAdapterTypes as Html,
  ErrorCodes,
  html as names,
  Parser,
  type Token,
} from 'parse5';
import { type Provenance, readRowTrace, strip } from '../render/template/trace.ts';

/** A line of a template. */
interface Place {
  readonly file: string;
  readonly line: number;
}

/** An element of a composed page, with the place that wrote it; if a helper wrote it, that of its parent. */
export interface Element extends Place {
  readonly name: string;
  readonly attributes: { readonly [name: string]: string };
  readonly children: readonly Node[];
  readonly parent: Element | null;
  /** Where the author's file calls the partial that wrote the element; undefined without a partial. */
  readonly call?: Place | undefined;
}

export interface Text {
  readonly text: string;
  /** The template whose element or block contains the text. */
  readonly file: string;
  /** The rows and findings whose text this is. */
  readonly says: readonly string[];
  /** Whether the text is the name of a source, printed from its row. */
  readonly isSourceName?: true | undefined;
  /** The query or finding that supplied the text, if a plain name printed it. */
  readonly row?: Provenance | undefined;
  /** The number of the expression that printed the text, on a page that is rendered for an explanation. */
  readonly put?: number | undefined;
}

/** A node that is neither element nor text is a citation, with the rows that it names. */
export type Node = Element | Text | { readonly cites: readonly string[] };

export interface HtmlTree {
  readonly root: Element;
  /** All elements in page order. */
  readonly elements: readonly Element[];
  /** Faults in the HTML itself, at the line of the template that wrote it. */
  readonly errors: readonly (Place & { readonly problem: string })[];
}

/** Elements whose end tag may be omitted in HTML, or that have none. */
const endsByItself = new Set(
  'html head body p li dt dd rt rp optgroup option caption colgroup thead tbody tfoot tr td th area base br col embed hr img input link meta source track wbr'.split(
    ' ',
  ),
);
/** Elements that a parser adds where the page omits their tags. */
const addedByRule = new Set('html head body colgroup tbody tr'.split(' '));

/** The parser that browsers use, which also records end tags: it silently ignores end tags that close nothing. */
class PageParser extends Parser<DefaultTreeAdapterMap> {
  readonly endTags: { readonly name: string; readonly offset: number }[] = [];

  override onEndTag(token: Token.TagToken): void {
    this.endTags.push({ name: token.tagName, offset: token.location?.startOffset ?? 0 });
    super.onEndTag(token);
  }
}

/** An open trace: the text of a row, the block of a template or the call of a partial. */
interface Trace extends Pick<Text, 'put' | 'row' | 'isSourceName'>, Pick<Element, 'call'> {
  readonly says?: string;
  readonly file?: string;
  readonly within: Element;
}

/**
 * Parses a traced page as a browser does. Accepts omissions that HTML allows; reports whatever a browser would repair,
 * so that authors see what they wrote.
 */
export function parseHtml(html: string): HtmlTree {
  interface Growing extends Element {
    readonly children: Node[];
    readonly parent: Growing | null;
  }
  const errors: HtmlTree['errors'][number][] = [];
  const report = (offset: number, problem: string): void => {
    // The start tag before it says which template wrote it.
    const at = html.lastIndexOf(' data-at="', offset);
    const [, place = ''] = /^ data-at="([^"]*)"/.exec(html.slice(at, at + 500)) ?? [];
    errors.push({ problem, ...readPlace(place) });
  };

  const parser = new PageParser({
    sourceCodeLocationInfo: true,
    // Pages are printed with scripts off.
    scriptingEnabled: false,
    onParseError: ({ code, startOffset }) => {
      if (code === ErrorCodes.missingDoctype) return;
      const from = code.includes('character-reference') ? html.lastIndexOf('&', startOffset) : startOffset;
      const text = html.slice(from, from + 100);
      const [entity] = /^&#?\w*;?/.exec(text) ?? [];
      const said = entity ?? strip(text).slice(0, 25).trim();
      report(startOffset + 1, `HTML does not allow "${said}": ${code.replaceAll('-', ' ')}.`);
    },
  });
  parser.tokenizer.write(html, true);

  const root: Growing = { name: '', attributes: {}, children: [], parent: null, file: '', line: 0 };
  const elements: Element[] = [];
  const traces: Trace[] = [];
  const innermost = <K extends keyof Trace>(key: K): Trace[K] | undefined =>
    traces.findLast((trace) => trace[key] !== undefined)?.[key];
  const addText = (text: string, current: Growing): void => {
    const block = traces.findLast(({ file }) => file !== undefined);
    // An element within the block records its own template.
    const file = block?.within === current ? (block.file ?? '') : current.file;
    const says = traces.flatMap(({ says: id }) => (id === undefined ? [] : [id]));
    if (text.trim() === '') {
      // The space between two names in a row's text belongs to that text.
      current.children.push({ text: ' ', file: current.file, says });
      return;
    }
    current.children.push({
      text,
      file,
      says,
      put: innermost('put'),
      row: innermost('row'),
      isSourceName: innermost('isSourceName'),
    });
  };
  const addComment = (comment: string, current: Growing): void => {
    const [, kind, value = ''] = /^(\w*) ?(.*)$/s.exec(comment) ?? [];
    if (kind === 'say') traces.push({ says: value, within: current });
    else if (kind === 'row') traces.push({ row: readRowTrace(value), within: current });
    else if (kind === 'name') traces.push({ isSourceName: true, within: current });
    else if (kind === 'of') traces.push({ file: value, within: current });
    else if (kind === 'call') traces.push({ call: readPlace(value), within: current });
    else if (kind === 'put') traces.push({ put: Number(value), within: current });
    else if (kind === 'cite') current.children.push({ cites: value.split(' ').filter(Boolean) });
    else if (kind === 'end') traces.pop();
  };

  const ended = new Set<number>();
  let furthest = 0;
  const addElement = (node: Html.Element, parent: Growing): void => {
    const { tagName, namespaceURI, sourceCodeLocation: at } = node;
    const name = tagName.toLowerCase();
    const attributes = Object.fromEntries(
      node.attrs.map((each) => [
        `${each.prefix ? `${each.prefix}:` : ''}${each.name}`.toLowerCase(),
        strip(each.value),
      ]),
    );
    const { file, line } = attributes['data-at'] === undefined ? parent : readPlace(attributes['data-at']);
    const call = innermost('call');
    const element: Growing = { name, attributes, children: [], parent, file, line, call };
    parent.children.push(element);
    elements.push(element);
    const [start, end] = [at?.startTag, at?.endTag];
    if (end) ended.add(end.startOffset);
    if (start) {
      const isDrawn = namespaceURI !== names.NS.HTML;
      const isClosed = end || (isDrawn ? html[start.endOffset - 2] === '/' : endsByItself.has(name));
      if (!isClosed) report(start.endOffset, `<${name}> is not closed inside its parent element.`);
    } else if (name !== 'p' && !addedByRule.has(name))
      // The element ends with its container, and a browser reopens it after that.
      report(furthest, `<${name}> is not closed inside its parent element.`);
    const { childNodes } = isTemplate(node) ? node.content : node;
    for (const child of childNodes) add(child, element);
  };
  const add = (node: Html.ChildNode, parent: Growing): void => {
    const offset = node.sourceCodeLocation?.startOffset ?? furthest;
    if (offset < furthest)
      report(offset + 1, `<${node.nodeName}> contains text or elements that HTML does not allow there.`);
    furthest = Math.max(furthest, offset);
    if (nodes.isTextNode(node)) addText(strip(node.value), parent);
    else if (nodes.isCommentNode(node)) addComment(node.data, parent);
    else if (nodes.isElementNode(node)) addElement(node, parent);
  };
  for (const node of parser.document.childNodes) add(node, root);
  for (const { name, offset } of parser.endTags)
    if (!ended.has(offset))
      report(
        offset,
        name === 'p'
          ? '</p> has no open element to close: a block inside the paragraph, such as <ul>, has ended it.'
          : `</${name}> has no open element to close.`,
      );
  return { root, elements, errors };
}

const isTemplate = (node: Html.Element): node is Html.Template => node.tagName === 'template';

/** `templates/x/brief.hbs:12` */
function readPlace(place: string): Place {
  const [, file = '', line = '0'] = /^(.*):(\d+)$/.exec(place) ?? [];
  return { file, line: Number(line) };
}

export const isElement = (node: Node): node is Element => 'name' in node;
export const isText = (node: Node): node is Text => 'text' in node;
/** Whether an element is invisible to readers. */
export const isUnseen = ({ name }: Element): boolean => name === 'style' || name === 'script';

/** The part of the page that readers see: everything except the head. */
export const bodyOf = ({ root, elements }: HtmlTree): Element =>
  elements.find(({ name }) => name === 'body') ?? root;

/** The elements around one, innermost first. */
export function ancestorsOf({ parent }: Element): Element[] {
  const found: Element[] = [];
  for (let up = parent; up !== null; up = up.parent) found.push(up);
  return found;
}

/** Collapses runs of white space. */
export const tidy = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

/** All text below an element, with runs of white space collapsed. */
export function textOf(element: Element): string {
  const walk = (node: Node): string => {
    if (isText(node)) return node.text;
    return isElement(node) && !isUnseen(node) ? node.children.map(walk).join('') : '';
  };
  return tidy(walk(element));
}
