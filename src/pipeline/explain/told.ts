import { z } from 'zod';
import type { Brief } from '../../model/brief.ts';
import type { Row } from '../../model/row.ts';
import type { Rendering } from '../produce.ts';

/** How a piece of text came onto the page. */
export interface Origin {
  readonly kind:
    'row' | 'finding' | 'query' | 'chart' | 'settings' | 'edition' | 'template' | 'citation' | 'unknown';
  /** A sentence. */
  readonly says: string;
  readonly template: { readonly file: string; readonly line: number };
  /** As it stands in the template; null for text that is typed there. */
  readonly expression: string | null;
  /** The ids of the rows that it comes from. */
  readonly rows: readonly string[];
  readonly query?: { readonly name: string; readonly file: string; readonly row?: Row };
  readonly findings?: readonly FindingOrigin[];
}

export interface FindingOrigin {
  readonly name: string;
  readonly kind: string;
  /** The figure of it that was printed, and its value. */
  readonly field?: string;
  readonly value?: string;
  /** The query that gave its rows. */
  readonly query: string;
  readonly file: string;
  readonly restsOn: readonly string[];
}

/** What origins are told from. */
export interface Told {
  readonly brief: Brief;
  readonly rendering: Pick<Rendering, 'known' | 'period' | 'draft' | 'charts' | 'sets' | 'changes'>;
}

const ids = z.union([z.string().transform((id) => [id]), z.array(z.string())]);

/** The rows that a row of a query names: itself, and those that it cites. */
export function idsIn(row: Row, told: Told): string[] {
  const named = ['id', 'cites', 'rests_on', 'ids'].flatMap((column) => idsOf(row[column], told));
  return [...new Set(named)];
}

export const idsOf = (value: unknown, { rendering }: Told): string[] =>
  (ids.safeParse(value).data ?? []).filter(
    (id) => rendering.draft.rows.has(id) || rendering.changes.some((each) => each.id === id),
  );

export function findingOf(name: string, { field, told }: { field?: string; told: Told }): FindingOrigin {
  const config = told.brief.config.findings[name];
  const finding = told.rendering.draft.findings[name];
  const query = config?.rows ?? '';
  const value = field === undefined ? undefined : finding?.fields[field];
  return {
    name,
    kind: config?.kind ?? '',
    ...(field !== undefined && { field }),
    ...(value !== undefined && { value }),
    query,
    file: told.brief.queries[query]?.file ?? '',
    restsOn: finding?.restsOn ?? [],
  };
}

export const saysOf = ({ name, kind, field, value, query, file }: FindingOrigin): string =>
  `the finding "${name}" (${kind})${field === undefined ? '' : `, its figure "${field}"`}${value === undefined ? '' : ` = ${value}`}, computed from the query "${query}" (${file}).`;

/** The rows behind a row of a finding: those that it names, and of a reading the measure that it counts. */
export function countedIn(row: Row, told: Told): string[] {
  const named = idsIn(row, told).flatMap((id) => {
    const entry = told.rendering.draft.rows.get(id);
    return entry?.table === 'readings' ? [id, entry.row.measure] : [id];
  });
  return [...new Set(named)];
}
