import type { Row, RowSets } from '../dataset/parse-rows.ts';
import type { Finding, Findings } from '../findings/analyse.ts';
import type { Evidence } from './citations.ts';
import { asPrinted, rowsAsPrinted } from './template/row-value.ts';
import type { Provenance } from './template/trace.ts';

/** A chart as drawn, with its rows. */
export interface Figure {
  readonly name: string;
  readonly svg: string;
  readonly rows: readonly Row[];
  /** The ids in the rows' column `cites`; null if there are none. */
  readonly cites: readonly string[] | null;
  /** Rows by data set of the spec. */
  readonly data: { readonly [set: string]: readonly Row[] };
  /** The judgment above the chart. */
  readonly caption: { readonly id: string; readonly text: string } | null;
  readonly title: string;
  readonly note: string | null;
  readonly map: boolean;
}

interface Given {
  readonly sets: RowSets;
  /** By name; null if it could not be computed. */
  readonly findings: { readonly [name: string]: Findings[string] | null };
  readonly figures: { readonly [name: string]: Figure | null };
}

/**
 * Rows, findings and charts as the template sees them. Anything that the template reads, even only to test whether it
 * exists, counts as used, with every row that it names. A query that is never read had no effect on the page. Of the
 * `choices`, queries from which the template prints only what the page mentions, it marks with `show` what it uses.
 * `asked` collects the rows of each query that is read.
 */
export function askedFor(
  { sets, findings, figures }: Given,
  evidence: Evidence,
  choices: ReadonlySet<string>,
) {
  const asked = new Map<string, readonly Row[]>();
  const provenance =
    (from: string) =>
    (row: Row): Provenance => {
      const { id } = row;
      const ids = evidence.named([row]);
      return { from, own: typeof id === 'string' && ids.includes(id) ? id : null, ids };
    };
  const useNamed = (rows: readonly Row[]): void => {
    for (const id of evidence.named(rows)) evidence.use(id);
  };
  const seenFinding = (name: string, { fields, restsOn, rows, weeks = [] }: Finding) => {
    for (const id of restsOn) evidence.use(id);
    useNamed(rows);
    const of = { from: name, own: null, ids: restsOn };
    return {
      fields: asPrinted(fields, of),
      restsOn: asPrinted(restsOn, of),
      rows: rowsAsPrinted(rows, provenance(name)),
      weeks: rowsAsPrinted(weeks, provenance(name)),
    };
  };
  const seenFigure = ({ name, svg, title, note, map, rows, cites, caption }: Figure) => {
    const [captioned = null] = caption ? rowsAsPrinted([{ ...caption }], provenance(name)) : [];
    const printed = rowsAsPrinted(rows, provenance(name));
    return { name, svg, title, note, map, cites, caption: captioned, rows: printed };
  };
  // Every chart drawn is attached with its rows, wherever the template puts it.
  for (const figure of Object.values(figures)) {
    if (figure === null) continue;
    for (const id of idsIn(figure, evidence)) evidence.use(id);
    // The alternative text has the caption.
    if (figure.caption) evidence.fill(figure.caption.text, figure.caption.id);
  }
  return {
    asked,
    rows: watched(sets, (name, rows) => {
      asked.set(name, rows);
      if (!choices.has(name)) useNamed(rows);
      return rowsAsPrinted(rows, provenance(name));
    }),
    findings: watched(findings, (name, finding) => finding && seenFinding(name, finding)),
    charts: watched(figures, (_, figure) => figure && seenFigure(figure)),
  };
}

function watched<T, S>(
  things: { readonly [name: string]: T },
  see: (name: string, thing: T) => S,
): { readonly [name: string]: S } {
  const seen = {};
  for (const [name, thing] of Object.entries(things)) {
    let known: { readonly view: S } | undefined;
    const get = () => (known ??= { view: see(name, thing) }).view;
    Object.defineProperty(seen, name, { enumerable: true, get });
  }
  return seen;
}

/** The ids of the rows shown in a drawing, and of its caption. */
export const idsIn = ({ rows, data, caption }: Figure, evidence: Evidence): string[] => [
  ...evidence.named([...rows, ...Object.values(data).flat()]),
  ...(caption ? [caption.id] : []),
];
