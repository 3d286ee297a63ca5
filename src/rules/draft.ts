import type { Day, Period } from '../calendar.ts';
import type { Corrected } from '../dataset/corrections.ts';
import type { Freshness } from '../dataset/freshness.ts';
import type { RowSets } from '../dataset/parse-rows.ts';
import type { Change } from '../dataset/point-in-time.ts';
import { eachRow, type TableRow } from '../dataset/references.ts';
import type { Dataset, Tables } from '../dataset/schema.ts';
import type { Fault } from '../errors.ts';
import type { Findings } from '../findings/analyse.ts';
import type { Attachment, FoundAttachment } from '../pdf/attachments.ts';
import type { PdfContents } from '../pdf/contents.ts';
import type { Brief, Paper } from '../project/brief.ts';
import type { EvidenceSet } from '../query/evidence-set.ts';
import type { Coverage } from '../render/coverage.ts';
import type { Illustration } from '../render/illustrate.ts';
import { isShared } from '../project/source-files.ts';
import { type Element, type HtmlTree, parseHtml } from './html.ts';
import { type Piece, printedPieces, type Unit, unitsOf } from './units.ts';

/** An edition before it is printed, as rules see it. */
export interface Draft {
  readonly brief: Brief;
  readonly dataset: Pick<Dataset, 'folder' | 'marking' | 'settings' | 'tables'>;
  /** BCP 47 tag of the language in which the rows are written. */
  readonly language: string;
  readonly period: Period;
  /** The edition leaves out rows that became known after this day: its cut-off, or the day of its correction. */
  readonly knownUntil: Day;
  /** 1 for the first issue of an edition. */
  readonly revision: number;
  readonly known: Tables;
  /** The rows known by `knownUntil`, by id. */
  readonly rows: ReadonlyMap<string, TableRow>;
  readonly findings: Findings;
  readonly evidenceSets: ReadonlyMap<string, EvidenceSet>;
  /** The ids of the rows and evidence sets that the page shows. */
  readonly used: readonly string[];
  /** The results of the queries that the template requests, by name. */
  readonly asked: RowSets;
  /** The results of all queries, by name. */
  readonly sets: RowSets;
  /** What the template received about days without coverage. */
  readonly coverage: Coverage;
  /** How old the data are; null if the dataset is not refreshed before slots. */
  readonly freshness: Freshness | null;
  /**
   * What the page may list as new, revised, withdrawn or corrected, each with its current row or the last known one.
   */
  readonly changes: readonly (Change | Corrected)[];
  readonly tree: HtmlTree;
  readonly units: readonly Unit[];
  readonly pieces: readonly Piece[];
  readonly charts: readonly Illustration[];
  /** The code points that the built-in fonts print in every style. */
  readonly glyphs: ReadonlySet<number>;
}

/** Parses a traced page, without the bundled fonts, for the rules. */
export function readDraft({
  traced,
  ...given
}: Omit<Draft, 'rows' | 'tree' | 'units' | 'pieces'> & { readonly traced: string }): Draft {
  const tree = parseHtml(traced);
  const rows = new Map(eachRow(given.known).map((entry) => [entry.row.id, entry]));
  return { ...given, rows, tree, units: unitsOf(tree), pieces: printedPieces(tree) };
}

/** A printed and sealed edition, as rules see it. */
export interface Print extends Pick<Draft, 'brief' | 'language' | 'tree' | 'pieces'> {
  readonly paper: Paper;
  readonly pdf: Uint8Array;
  readonly contents: PdfContents;
  /** The attachments as intended, and as found in the PDF. */
  readonly attachments: readonly Attachment[];
  readonly attached: readonly FoundAttachment[];
  /** The letters and digits of each page's text. */
  readonly letters: readonly string[];
}

/**
 * A fault on the page, placed at the author's own line: where a shared partial wrote the part, the line that calls the
 * partial.
 */
export function onPage(
  { file, line, call }: Pick<Element, 'file' | 'line' | 'call'>,
  problem: string,
  hint: string,
): Fault {
  if (file === '') return { problem, hint };
  return call === undefined || !isShared(file)
    ? { file, line, problem, hint }
    : { ...call, problem: `${problem} (In ${file}, line ${line}.)`, hint };
}

/** A fault of the brief's template as a whole. */
export const inTemplate = ({ template: { file } }: Brief, problem: string, hint: string): Fault => ({
  file,
  problem,
  hint,
});

/** A fault in a row, identified by the row's id. */
export const inRow = (
  { dataset }: Pick<Draft, 'dataset'>,
  { table, row, field }: TableRow & { readonly field?: string },
  problem: string,
  hint: string,
): Fault => ({
  file: `${dataset.folder}/${table}`,
  ...(field === undefined ? {} : { field }),
  problem: `"${row.id}" ${problem}`,
  hint,
});

/** The start of a text, enough to recognise it. */
export const excerpt = (text: string): string => (text.length > 60 ? `${text.slice(0, 60).trim()}…` : text);
