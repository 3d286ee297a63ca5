import type { Brief } from '../../model/brief.ts';
import type { Day, Period } from '../../model/calendar.ts';
import type { Dataset, Tables } from '../../model/dataset.ts';
import type { Corrected } from '../../model/correction.ts';
import type { Fault } from '../../model/fault.ts';
import type { Change } from '../../model/known.ts';
import { eachRow, type TableRow } from '../../model/references.ts';
import type { RowSets } from '../../model/row.ts';
import type { Findings } from '../analyse.ts';
import type { Illustration } from '../illustrate.ts';
import { parseHtml, type HtmlTree } from './html-tree.ts';
import { printedPieces, unitsOf, type Piece, type Unit } from './page-units.ts';

/** An edition before it is printed, as the rules look at it. */
export interface Draft {
  readonly brief: Brief;
  readonly dataset: Pick<Dataset, 'folder' | 'marking' | 'tables'>;
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
  /** What the page may list as new, revised, withdrawn or corrected, each with the row as told, or as last told. */
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

/** A fault of something on the page, at the line of the template that wrote it. */
export const onPage = (
  { file, line }: { readonly file: string; readonly line: number },
  problem: string,
  mend: string,
): Fault => (file === '' ? { problem, mend } : { file, line, problem, mend });

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
