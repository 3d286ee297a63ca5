/**
 * While a page is composed it carries traces: which template wrote an element, which row a text is, what a citation
 * cites. The gate reads them, and then they are taken out, so that nothing on the page is told by what it calls itself.
 * Data cannot write a trace, since it is escaped, and templates may hold no comment and no such attribute.
 */
const attribute = / data-at="[^"]*"/g;
const comment = /<!--(?:say|row|name|cite|of|call|put|end) ?[^>]*-->/g;
const openTag = /<([a-z][a-z0-9-]*)(?=[\s>/]|$)/gi;

/** What a template may not hold: a comment, a tag whose name data could give, and the attribute of traces. */
export const forged = /<!(?!doctype\b)|<$|\bdata-at\b/i;

/** Marks a text as that of a row or a finding. `html` is escaped already. */
export const traceText = (id: string, html: string): string => `<!--say ${id}-->${html}${traceEnd}`;

/** Marks the name of a source, as its row has it. `html` is escaped already. */
export const traceName = (html: string): string => `<!--name-->${html}${traceEnd}`;

/** What gave a value: a query or a finding by name, the known row that it is of, and all known rows named beside it. */
export interface Provenance {
  readonly from: string;
  readonly own: string | null;
  readonly ids: readonly string[];
}

/** Marks what was printed from a row by a plain name. `html` is escaped already. */
export const traceRow = ({ from, own, ids }: Provenance, html: string): string =>
  `<!--row ${[encodeURIComponent(from), own ?? '-', ...ids].join(' ')}-->${html}${traceEnd}`;

export function readRowTrace(trace: string): Provenance {
  const [from = '', own = '-', ...ids] = trace.split(' ');
  return { from: decodeURIComponent(from), own: own === '-' ? null : own, ids };
}

/** Marks a citation with the rows that it cites. */
export const traceCitation = (ids: readonly string[]): string => `<!--cite ${ids.join(' ')}-->`;

/** Marks what one expression of a template printed, by its number in the order of printing: for explanations alone. */
export const tracePut = (number: number): string => `<!--put ${number}-->`;
export const traceEnd = '<!--end-->';

/** One printed expression of a template: where it stands, as it was written, and what it was printed in. */
export interface Put {
  readonly file: string;
  readonly line: number;
  readonly expression: string;
  /** What the names in the expression were looked up in: a row of a query, a chart, the page itself. */
  readonly context: unknown;
}

/** Marks what a template puts into the block of a layout as its own. */
export const traceBlock = (file: string): readonly [string, string] => [`<!--of ${file}-->`, traceEnd];

/** Whether a template comes with the program or is shared by all briefs of a project. */
export const isShared = (file: string): boolean => /(?:^|\/)_shared\//.test(file);

/** Marks what a partial prints with the line of the author's file that called it. */
export const traceCall = ({ file, line }: { readonly file: string; readonly line: number }): string =>
  `<!--call ${file}:${line}-->`;

/** Marks each element that a piece of a template opens with its place; `original` is the piece as it was written. */
export function traceElements(
  piece: string,
  { original, file, line }: { original: string; file: string; line: number },
): string {
  // Handlebars takes blanks from around blocks, so that only the original tells the lines.
  const lines = [...original.matchAll(openTag)].map(
    ({ index }) => line + original.slice(0, index).split('\n').length - 1,
  );
  let next = 0;
  return piece.replaceAll(openTag, (tag) => `${tag} data-at="${file}:${lines[next++] ?? line}"`);
}

export function withoutTraces(traced: string): string {
  // The first style sheet holds the fonts, half a megabyte in which there is nothing to take out.
  const start = traced.indexOf('>', traced.indexOf('<style')) + 1;
  const end = Math.max(traced.indexOf('</style>', start), start);
  return strip(traced.slice(0, start)) + traced.slice(start, end) + strip(traced.slice(end));
}

/** Text of a page without the traces in it. */
export const strip = (traced: string): string =>
  traced.includes('<!--') || traced.includes('data-at')
    ? traced.replaceAll(attribute, '').replaceAll(comment, '')
    : traced;
