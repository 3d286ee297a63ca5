/**
 * During composition a page carries traces: which template wrote an element, which row a text is from, and which rows a
 * citation cites. The gate reads the traces, which are then removed, so that it need not trust names on the page
 * itself. Data cannot write a trace, because data are escaped, and templates may have neither comments nor this
 * attribute.
 */
const attribute = / data-at="[^"]*"/g;
const comment = /<!--(?:say|row|name|cite|of|call|put|end) ?[^>]*-->/g;
const openTag = /<([a-z][a-z0-9-]*)(?=[\s>/]|$)/gi;

/** Forbidden in templates: comments, tags whose name could come from data, and the attribute of traces. */
export const forged = /<!(?!doctype\b)|<$|\bdata-at\b/i;

/** Marks text from a row or finding. `html` is already escaped. */
export const traceText = (id: string, html: string): string => `<!--say ${id}-->${html}${traceEnd}`;

/** Marks a source's name from its row. `html` is already escaped. */
export const traceName = (html: string): string => `<!--name-->${html}${traceEnd}`;

/**
 * The origin of a value: the name of its query or finding, the known row that it belongs to, and all known rows named
 * beside it.
 */
export interface Provenance {
  readonly from: string;
  readonly own: string | null;
  readonly ids: readonly string[];
}

/** Marks a row's value printed by a plain name. `html` is already escaped. */
export const traceRow = ({ from, own, ids }: Provenance, html: string): string =>
  `<!--row ${[encodeURIComponent(from), own ?? '-', ...ids].join(' ')}-->${html}${traceEnd}`;

export function readRowTrace(trace: string): Provenance {
  const [from = '', own = '-', ...ids] = trace.split(' ');
  return { from: decodeURIComponent(from), own: own === '-' ? null : own, ids };
}

/** Marks a citation with the rows that it cites. */
export const traceCitation = (ids: readonly string[]): string => `<!--cite ${ids.join(' ')}-->`;

/** Marks the output of one template expression by its number in the order of printing; used only for explanations. */
export const tracePut = (number: number): string => `<!--put ${number}-->`;
export const traceEnd = '<!--end-->';

/** One printed expression of a template: its location, its text and its context. */
export interface Put {
  readonly file: string;
  readonly line: number;
  readonly expression: string;
  /** The object in which the expression's names were looked up: a row of a query, a chart or the page itself. */
  readonly context: unknown;
}

/** Marks text that a template puts into a layout's block as the template's own. */
export const traceBlock = (file: string): readonly [string, string] => [`<!--of ${file}-->`, traceEnd];

/** Marks a partial's output with the line of the author's file that called it. */
export const traceCall = ({ file, line }: { readonly file: string; readonly line: number }): string =>
  `<!--call ${file}:${line}-->`;

/** Marks each element that opens in a piece of a template with its location; `original` is the piece as written. */
export function traceElements(
  piece: string,
  { original, file, line }: { original: string; file: string; line: number },
): string {
  // Handlebars removes white space around blocks, so only the original has the right line numbers.
  const lines = [...original.matchAll(openTag)].map(
    ({ index }) => line + original.slice(0, index).split('\n').length - 1,
  );
  let next = 0;
  return piece.replaceAll(openTag, (tag) => `${tag} data-at="${file}:${lines[next++] ?? line}"`);
}

export function withoutTraces(traced: string): string {
  // The first style sheet contains the fonts: half a megabyte without traces.
  const start = traced.indexOf('>', traced.indexOf('<style')) + 1;
  const end = Math.max(traced.indexOf('</style>', start), start);
  return strip(traced.slice(0, start)) + traced.slice(start, end) + strip(traced.slice(end));
}

/** Removes the traces from a page's text. */
export const strip = (traced: string): string =>
  traced.includes('<!--') || traced.includes('data-at')
    ? traced.replaceAll(attribute, '').replaceAll(comment, '')
    : traced;
