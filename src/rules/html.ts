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

/** An element of a composed page. */
export interface Element {
  readonly name: string;
  readonly attributes: { readonly [name: string]: string };
  readonly children: readonly Node[];
  readonly parent: Element | null;
  /** The template that wrote the element, and the line; if a helper wrote it, those of its parent. */
  readonly file: string;
  readonly line: number;
  /** Where the author's file calls the partial that wrote the element; undefined without a partial. */
  readonly call?: { readonly file: string; readonly line: number };
}

export interface Text {
  readonly text: string;
  /** The template whose element or block contains the text. */
  readonly file: string;
  /** The rows and findings whose text this is. */
  readonly says: readonly string[];
  /** Whether the text is the name of a source, printed from its row. */
  readonly isSourceName?: true;
  /** The query or finding that supplied the text, if a plain name printed it. */
  readonly row?: Provenance;
  /** The number of the expression that printed the text, on a page that is rendered for an explanation. */
  readonly put?: number;
}

/** The rows that a citation names. */
interface Citation {
  readonly cites: readonly string[];
}

export type Node = Element | Text | Citation;

export interface HtmlTree {
  readonly root: Element;
  /** All elements in page order. */
  readonly elements: readonly Element[];
  /** Faults in the HTML itself, at the line of the template that wrote it. */
  readonly errors: readonly { readonly problem: string; readonly file: string; readonly line: number }[];
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
  /** The template that wrote the text at an offset, as given by the preceding start tag. */
  const writtenAt = (offset: number): { readonly file: string; readonly line: number } => {
    const at = html.lastIndexOf(' data-at="', offset);
    const [, file = '', line = '0'] =
      (at !== -1 && /^ data-at="([^"]*):(\d+)"/.exec(html.slice(at, at + 500))) || [];
    return { file, line: Number(line) };
  };
  const report = (offset: number, problem: string): void =>
    void errors.push({ problem, ...writtenAt(offset) });

  const parser = new PageParser({
    sourceCodeLocationInfo: true,
    // Pages are printed with scripts off.
    scriptingEnabled: false,
    onParseError: ({ code, startOffset }) => {
      if (code === ErrorCodes.missingDoctype) return;
      const from = code.includes('character-reference') ? html.lastIndexOf('&', startOffset) : startOffset;
      const [entity] = /^&#?\w*;?/.exec(html.slice(from, from + 100)) ?? [];
      const said =
        entity ??
        strip(html.slice(from, from + 100))
          .slice(0, 25)
          .trim();
      report(startOffset + 1, `HTML does not allow "${said}": ${code.replaceAll('-', ' ')}.`);
    },
  });
  parser.tokenizer.write(html, true);

  const root: Growing = { name: '', attributes: {}, children: [], parent: null, file: '', line: 0 };
  const elements: Element[] = [];
  /** The open traces, innermost last: the text of a row, or the block of a template. */
  const traces: {
    readonly says?: string;
    readonly file?: string;
    readonly put?: number;
    readonly row?: Provenance;
    readonly isSourceName?: true;
    /** The call of a partial. */
    readonly call?: { readonly file: string; readonly line: number };
    readonly within: Element;
  }[] = [];
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
    const row = traces.findLast((trace) => trace.row !== undefined)?.row;
    const isSourceName = traces.findLast((trace) => trace.isSourceName)?.isSourceName;
    const put = traces.findLast((trace) => trace.put !== undefined)?.put;
    current.children.push({
      text,
      file,
      says,
      ...(put !== undefined && { put }),
      ...(row && { row }),
      ...(isSourceName && { isSourceName }),
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
    const call = traces.findLast((trace) => trace.call !== undefined)?.call;
    const element: Growing = {
      name,
      attributes,
      children: [],
      parent,
      file,
      line,
      ...(call !== undefined && { call }),
    };
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
function readPlace(place: string): { readonly file: string; readonly line: number } {
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

/** All text below an element, with runs of white space collapsed. */
export function textOf(element: Element): string {
  const parts: string[] = [];
  const walk = (node: Node): void => {
    if (isText(node)) parts.push(node.text);
    else if (isElement(node) && !isUnseen(node)) for (const child of node.children) walk(child);
  };
  walk(element);
  return parts.join('').replaceAll(/\s+/g, ' ').trim();
}
