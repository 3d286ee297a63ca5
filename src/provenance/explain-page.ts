import type { Marking } from '../dataset/fields.ts';
import type { TableRow } from '../dataset/references.ts';
import type { RowOf } from '../dataset/schema.ts';
import type { Locale } from '../locale.ts';
import { lettersOf, type PdfContents } from '../pdf/contents.ts';
import type { EvidenceSet } from '../query/evidence-set.ts';
import { gradeOf, sourceChain, sourceOf, titleOf, titleOfSet } from '../render/row-details.ts';
import { findText, type Match, nearTo } from '../render/template/find-text.ts';
import type { Rendering } from '../rules/gate.ts';
import {
  bodyOf,
  type Element,
  type HtmlTree,
  isElement,
  isText,
  type Node,
  type Text,
} from '../rules/html.ts';
import type { Piece, Unit } from '../rules/units.ts';
import { filledParts, type Origin, originOf, type Rendered } from './origin.ts';

/** One occurrence of a number or phrase on the page. */
export interface ExplainedPlace {
  /** The kind of element that contains it: `paragraph`, `table cell`, `label of the chart expected`. */
  readonly what: string;
  /** The full text of that element, as printed. */
  readonly text: string;
  /** The heading above it, if any. */
  readonly under: string | null;
  /** Page number from 1; null if the PDF does not show it for certain. */
  readonly page: number | null;
  /** Where the text comes from: one origin for each expression or piece of template that it includes. */
  readonly origins: readonly Origin[];
  readonly rows: readonly ExplainedRow[];
}

/** A row that supports a piece of text. */
export interface ExplainedRow {
  readonly id: string;
  readonly table: string;
  readonly known_on: string;
  /** Whether the text itself comes from the row, or its citation names the row. */
  readonly why: 'comes from it' | 'cited';
  readonly title: string;
  /** The row's values by column; for an evidence set, its query, hash and first ids. */
  readonly values: { readonly marking?: Marking | null; readonly [column: string]: unknown };
  /** The source and those that relayed it, ending with the one nearest to the reader. */
  readonly sources: readonly {
    readonly id: string;
    readonly name: string;
    readonly reliability: string | null;
  }[];
  /** The Admiralty grade: reliability of the chain of sources, then item credibility. */
  readonly grade: string;
}

export interface Explained {
  readonly places: readonly ExplainedPlace[];
  /** Similar text on the page, if the phrase does not occur. */
  readonly near: readonly string[];
}

/**
 * Finds every occurrence of `phrase` on a page and its origins. `rendering` must be rendered for an explanation;
 * `contents`, read from its PDF, gives the page numbers.
 */
export function explainPage(
  phrase: string,
  {
    brief,
    rendering,
    contents,
  }: { brief: Rendered['brief']; rendering: Rendering; contents: PdfContents | undefined },
): Explained {
  const { pieces } = rendering.draft;
  const rendered: Rendered = { brief, rendering };
  const letters = contents?.pages.map(({ text }) => lettersOf(text)) ?? [];
  const places = pieces.flatMap((piece) => {
    const texts = statementOf(piece);
    const matches = findText(
      texts.map(({ text }) => text),
      phrase,
    );
    return matches.map((match) => placeOf({ piece, texts, match, letters }, rendering, rendered));
  });
  const sentences = () => pieces.flatMap((piece) => tidy(statementOf(piece)).split(/(?<=[.;?])\s+/));
  const near = places.length > 0 ? [] : nearTo(phrase, sentences());
  return { places, near };
}

/** The text of a piece; a cell is joined with the other cells of its row. */
function wholeOf(piece: Piece): string {
  const { parent } = piece.element;
  const cells = parent?.name === 'tr' ? parent.children.filter(isElement) : [];
  if (cells.length > 0) return cells.map((cell) => tidy(textsIn(cell))).join(' | ');
  return tidy(statementOf(piece));
}

const tidy = (texts: readonly Text[]): string =>
  texts
    .map(({ text }) => text)
    .join('')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** The texts below an element, without endnote numbers. */
const textsIn = (element: Element): Text[] =>
  element.children.flatMap((child) => {
    if (isText(child)) return [child];
    return isElement(child) && !isCitation(child) ? textsIn(child) : [];
  });

/** The texts of a piece, without endnote numbers. */
const statementOf = ({ texts }: Piece): Text[] =>
  texts.flatMap(([text, within]) => (isCitation(within) ? [] : [text]));

/** An element and those around it, the innermost first. */
const outwardsFrom = (element: Element | null): Element[] =>
  element === null ? [] : [element, ...outwardsFrom(element.parent)];

const isCitation = (element: Element): boolean =>
  outwardsFrom(element).some(({ name, attributes }) => name === 'sup' && attributes['class'] === 'cite');

function placeOf(
  {
    piece,
    texts,
    match,
    letters,
  }: { piece: Piece; texts: readonly Text[]; match: Match; letters: readonly string[] },
  { puts, draft }: Rendering,
  rendered: Rendered,
): ExplainedPlace {
  const byPut = new Map<number | string, { text: Text; matched: string }>();
  for (const [index, matched] of match.parts) {
    const text = texts[index];
    if (text === undefined) continue;
    const key = text.put ?? `typed ${index}`;
    byPut.set(key, { text, matched: (byPut.get(key)?.matched ?? '') + matched });
  }
  const origins = [...byPut.values()].map(({ text, matched }) => {
    const put = text.put === undefined ? undefined : puts[text.put];
    return put === undefined
      ? typed(text, piece.element, rendered)
      : originOf(put, { matched: matched.trim(), whole: piece.text, says: text.says.at(-1), rendered });
  });
  const last = texts[Math.max(...match.parts.keys())];
  const from = [...new Set(origins.flatMap(({ rows }) => rows))];
  const cited = citedAfter(last, { element: piece.element, units: draft.units }).filter(
    (id) => !from.includes(id),
  );
  return {
    what: whatIs(piece.element),
    text: wholeOf(piece),
    under: headingOver(piece.element, draft.tree),
    page: pageOf(piece, letters),
    origins,
    rows: [
      ...from.flatMap((id) => explainRow(id, 'comes from it', rendered)),
      ...cited.flatMap((id) => explainRow(id, 'cited', rendered)),
    ],
  };
}

/** Text that no expression printed belongs to the template itself. */
function typed({ text, file }: Text, element: Element, { brief }: Rendered): Origin {
  const sources = [brief.template, ...Object.values(brief.partials)];
  const source = sources.find((each) => each.file === file)?.text.split('\n') ?? [];
  const [start = ''] = text.trim().split('\n');
  const lines = source.flatMap((line, index) => (line.includes(start) ? [index + 1] : []));
  const [line = element.line] = lines.length === 1 ? lines : [];
  return {
    kind: 'template',
    says: 'Typed into the template; it comes from no row.',
    template: { file, line },
    expression: null,
    rows: [],
  };
}

/**
 * The rows that the next citation names, since a citation follows the text that it supports; without one, the unit's
 * rows. For a cell, any citation in its row of the table counts, and otherwise those of the table.
 */
function citedAfter(
  text: Text | undefined,
  { element, units }: { element: Element; units: readonly Unit[] },
): readonly string[] {
  const known = new Map(units.map((unit) => [unit.element, unit]));
  const around = outwardsFrom(element);
  for (const up of around) {
    const unit = known.get(up);
    if (unit === undefined) continue;
    const row = up.name === 'table' ? around.find(({ name }) => name === 'tr') : undefined;
    const nodes = [...nodesIn(row ?? up)];
    const at = text === undefined ? -1 : nodes.indexOf(text);
    const cites = (node: Node) => !isElement(node) && !isText(node);
    const next = at === -1 ? undefined : nodes.slice(at).find(cites);
    const own = next ?? (row && nodes.findLast(cites));
    return own !== undefined && 'cites' in own ? own.cites : [...unit.cites];
  }
  return [];
}

function* nodesIn(element: Element): Generator<Node> {
  for (const child of element.children) {
    yield child;
    if (isElement(child)) yield* nodesIn(child);
  }
}

const kinds: { readonly [name: string]: string } = {
  p: 'paragraph',
  li: 'item of a list',
  td: 'table cell',
  th: 'table heading',
  figcaption: 'caption of a chart',
  ...Object.fromEntries(['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((name) => [name, 'heading'])),
};

function whatIs(element: Element): string {
  const names = outwardsFrom(element).map(({ name }) => name);
  if (names.includes('svg')) return 'label of a chart';
  return names.map((name) => kinds[name]).find((kind) => kind !== undefined) ?? 'text';
}

function headingOver(element: Element, tree: HtmlTree): string | null {
  let last: string | null = null;
  for (const node of nodesIn(bodyOf(tree))) {
    if (node === element) break;
    if (isElement(node) && /^h[1-6]$/.test(node.name)) last = tidy(textsIn(node));
  }
  return last;
}

/** The only page that contains the whole piece, or the whole table row around it. */
function pageOf({ text, element }: Piece, letters: readonly string[]): number | null {
  const whole =
    element.parent?.name === 'tr'
      ? [...nodesIn(element.parent)].map((node) => (isText(node) ? node.text : '')).join('')
      : text;
  const wanted = lettersOf(whole);
  const pages = letters.flatMap((page, index) => (wanted !== '' && page.includes(wanted) ? [index + 1] : []));
  const [only] = pages;
  return pages.length === 1 && only !== undefined ? only : null;
}

/** Finds rows by id; withdrawn rows are found among the changes. */
function explainRow(id: string, why: ExplainedRow['why'], rendered: Rendered): ExplainedRow[] {
  const { rendering } = rendered;
  const set = rendering.draft.evidenceSets.get(id);
  if (set !== undefined) return [explainSet(set, why, rendered.brief.locale)];
  const change = rendering.changes.find((each) => each.id === id);
  const entry = rendering.draft.rows.get(id) ?? change;
  if (entry === undefined) return [];
  const source = (each: string): RowOf<'sources'> | undefined => {
    const found = rendering.draft.rows.get(each);
    return found?.table === 'sources' ? found.row : undefined;
  };
  const first = entry.table === 'sources' ? entry.row.id : sourceOf(entry);
  const chain = sourceChain(first, source).flatMap((each) => source(each) ?? []);
  return [
    {
      id,
      table: entry.table,
      known_on: entry.row.known_on,
      why,
      title: nameOf(entry, rendered),
      values: { ...entry.row },
      sources: chain.map(({ id: each, name, reliability }) => ({ id: each, name, reliability })),
      grade: gradeOf(entry, chain) ?? rendered.brief.locale.text('page.endnotes.not_graded'),
    },
  ];
}

/** An evidence set or an incident, in the shape of a row. */
const explainSet = (set: EvidenceSet, why: ExplainedRow['why'], locale: Locale): ExplainedRow => ({
  id: set.name,
  table: set.incident === null ? 'evidence' : 'incidents',
  known_on: set.knownOn,
  why,
  title: titleOfSet(set, locale),
  values: set.incident
    ? { ...set.incident, sha256: set.sha256 }
    : {
        marking: null,
        rows: set.rows,
        count: set.count,
        query: set.query?.file,
        sha256: set.sha256,
        ids: [...set.examples, ...(set.rows > set.examples.length ? ['…'] : [])],
      },
  sources: set.sources.map((name) => ({ id: name, name, reliability: null })),
  grade: 'not graded',
});

function nameOf(entry: TableRow, rendered: Rendered): string {
  const { row } = entry;
  if ('title' in row) return row.title;
  if ('text' in row)
    return filledParts(row.text, rendered)
      .map(({ text }) => text)
      .join('');
  if ('name' in row) return row.name;
  return 'label' in row ? row.label : titleOf(entry, { locale: rendered.brief.locale });
}
