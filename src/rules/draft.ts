import type { Day, Period } from '../calendar.ts';
import type { Corrected } from '../dataset/corrections.ts';
import type { RowSets } from '../dataset/parse-rows.ts';
import type { Change } from '../dataset/point-in-time.ts';
import { eachRow, type TableRow } from '../dataset/references.ts';
import type { Dataset, Tables } from '../dataset/schema.ts';
import type { Fault } from '../errors.ts';
import type { Findings } from '../findings/analyse.ts';
import type { Attachment, FoundAttachment } from '../pdf/attachments.ts';
import { lettersOf, type PdfContents } from '../pdf/contents.ts';
import type { Brief, Paper } from '../project/brief.ts';
import type { Coverage } from '../render/coverage.ts';
import type { Illustration } from '../render/illustrate.ts';
import { isShared } from '../render/trace.ts';
import { type HtmlTree, parseHtml } from './html.ts';
import { type Piece, printedPieces, type Unit, unitsOf } from './units.ts';

/** An edition before it is printed, as the rules look at it. */
export interface Draft {
  readonly brief: Brief;
  readonly dataset: Pick<Dataset, 'folder' | 'marking' | 'settings' | 'tables'>;
  /** BCP 47 tag of the language that it is written in. */
  readonly language: string;
  readonly period: Period;
  /** Nothing that it tells became known later: its cut-off, or the day of its correction. */
  readonly toldUntil: Day;
  /** 1 for an edition as it is first issued. */
  readonly revision: number;
  readonly known: Tables;
  /** The known rows by id. */
  readonly rows: ReadonlyMap<string, TableRow>;
  readonly findings: Findings;
  /** The ids of the rows that the page shows. */
  readonly used: readonly string[];
  /** The results of the queries that its template asked for, by name. */
  readonly asked: RowSets;
  /** What its template was given to print about days without coverage. */
  readonly coverage: Coverage;
  /** What the page may list as new, revised, withdrawn or corrected, each with the row as it is known, or was last known. */
  readonly changes: readonly (Change | Corrected)[];
  readonly tree: HtmlTree;
  readonly units: readonly Unit[];
  readonly pieces: readonly Piece[];
  readonly charts: readonly Illustration[];
  /** The code points for which every face of ours has a glyph. */
  readonly glyphs: ReadonlySet<number>;
}

/** Reads a traced page for the rules. */
export function readDraft({
  traced,
  ...given
}: Omit<Draft, 'rows' | 'tree' | 'units' | 'pieces'> & { readonly traced: string }): Draft {
  const tree = parseHtml(traced);
  const rows = new Map(eachRow(given.known).map((entry) => [entry.row.id, entry]));
  return { ...given, rows, tree, units: unitsOf(tree), pieces: printedPieces(tree) };
}

/** An edition that is printed and sealed, as the rules look at it. */
export interface Print {
  readonly brief: Brief;
  readonly language: string;
  readonly paper: Paper;
  readonly pdf: Uint8Array;
  readonly contents: PdfContents;
  /** What was to be attached, and what is found to be. */
  readonly attachments: readonly Attachment[];
  readonly attached: readonly FoundAttachment[];
  /** The letters and digits of each page's text. */
  readonly letters: readonly string[];
  /** The page that it was printed from. */
  readonly tree: HtmlTree;
  readonly pieces: readonly Piece[];
}

export const readPrint = (given: Omit<Print, 'letters'>): Print => ({
  ...given,
  letters: given.contents.pages.map(({ text }) => lettersOf(text)),
});

/** What wrote a part of the page, and which line of the author's own files had it written. */
interface Place {
  readonly file: string;
  readonly line: number;
  readonly call?: { readonly file: string; readonly line: number } | undefined;
}

/** A fault of something on the page, at the author's own line: that of the call where a shared partial wrote it. */
export function onPage({ file, line, call }: Place, problem: string, mend: string): Fault {
  if (file === '') return { problem, mend };
  return call === undefined || !isShared(file)
    ? { file, line, problem, mend }
    : { ...call, problem: `${problem} (In ${file}, line ${line}.)`, mend };
}

/** A fault of a row, which is named by its id. */
export const inRow = (
  { dataset }: Pick<Draft, 'dataset'>,
  { table, row, field }: TableRow & { readonly field?: string },
  problem: string,
  mend: string,
): Fault => ({
  file: `${dataset.folder}/${table}`,
  ...(field === undefined ? {} : { field }),
  problem: `"${row.id}" ${problem}`,
  mend,
});

/** The start of a text, to recognise it by. */
export const excerpt = (text: string): string => (text.length > 60 ? `${text.slice(0, 60).trim()}…` : text);
