import type { Marking } from '../dataset/fields.ts';
import type { TableRow } from '../dataset/references.ts';
import type { RowOf } from '../dataset/schema.ts';
import type { Locale } from '../locale.ts';
import type { EvidenceSet } from '../query/evidence-set.ts';
import { gradeOf, sourceChain, sourceOf, titleOf } from '../render/row-details.ts';
import { titleOfSet } from '../render/evidence-text.ts';
import { filledParts, type Rendered } from './origin.ts';

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

/** Finds rows by id; withdrawn rows are found among the changes. */
export function explainRow(id: string, why: ExplainedRow['why'], rendered: Rendered): ExplainedRow[] {
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
