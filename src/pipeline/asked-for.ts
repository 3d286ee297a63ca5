import type { Row, RowSets } from '../model/row.ts';
import type { Finding, Findings } from './analyse.ts';
import type { Figure } from './compose.ts';
import type { Evidence } from './evidence.ts';
import { asPrinted, rowsAsPrinted } from './row-value.ts';
import type { Provenance } from './trace.ts';

interface Given {
  readonly sets: RowSets;
  /** By name; null where it could not be computed. */
  readonly findings: { readonly [name: string]: Findings[string] | null };
  readonly figures: { readonly [name: string]: Figure | null };
}

/**
 * Rows, findings and charts as a template sees them. What it asks for, if only to see whether it is there, counts as
 * used with every row that it names; a query that nothing asks for shaped no page. `asked` grows with what it asks for.
 */
export function askedFor({ sets, findings, figures }: Given, evidence: Evidence) {
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
  const seenFinding = (name: string, { fields, restsOn, rows }: Finding) => {
    for (const id of restsOn) evidence.use(id);
    useNamed(rows);
    const of = { from: name, own: null, ids: restsOn };
    return {
      fields: asPrinted(fields, of),
      restsOn: asPrinted(restsOn, of),
      rows: rowsAsPrinted(rows, provenance(name)),
    };
  };
  // A chart that is drawn is attached with its rows, wherever the template puts it.
  for (const figure of Object.values(figures)) if (figure !== null) useFigure(evidence, figure);
  return {
    asked,
    rows: watched(sets, (name, rows) => {
      asked.set(name, rows);
      useNamed(rows);
      return rowsAsPrinted(rows, provenance(name));
    }),
    findings: watched(findings, (name, finding) => finding && seenFinding(name, finding)),
    charts: watched(figures, (_, figure) => figure && seenFigure(figure, provenance)),
  };
}

function seenFigure(
  { name, svg, title, note, map, rows, cites, caption }: Figure,
  provenance: (from: string) => (row: Row) => Provenance,
) {
  const [captioned = null] = caption ? rowsAsPrinted([{ ...caption }], provenance(name)) : [];
  return {
    name,
    svg,
    title,
    note,
    map,
    cites,
    caption: captioned,
    rows: rowsAsPrinted(rows, provenance(name)),
  };
}

/** A drawing shows every row behind it, and tells its caption to those who cannot see it. */
function useFigure(evidence: Evidence, { rows, data, caption }: Figure): void {
  for (const id of evidence.named([...rows, ...Object.values(data).flat()])) evidence.use(id);
  if (caption === null) return;
  evidence.use(caption.id);
  evidence.fill(caption.text, caption.id);
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
