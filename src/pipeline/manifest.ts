import { createHash } from 'node:crypto';
import { z } from 'zod';
import { papers, type SourceFile } from '../model/brief.ts';
import { day, issueNumber } from '../model/calendar.ts';
import { eachRow } from '../model/references.ts';
import type { Edition, Request } from './produce.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What an edition was made from; it lies beside the PDF as `manifest.json`. */
export const manifest = z.strictObject({
  brief: z.string(),
  issue: z.string(),
  asOf: day,
  paper: z.enum(papers),
  /** A hash over everything that the edition depends on: the same inputs need not be rendered again. */
  inputs: sha256,
  pages: z.number().int().positive().nullable(),
  /** The rows that the pages show, each with the hash of its content. */
  rows: z.array(z.strictObject({ id: z.string(), table: z.string(), known_on: day, sha256 })),
  files: z.array(z.strictObject({ name: z.string(), bytes: z.number().int(), sha256 })),
});
export type Manifest = z.output<typeof manifest>;

export function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export interface FileToStore {
  readonly name: string;
  readonly content: string | Uint8Array;
}

export function describeEdition(
  { brief, asOf, paper }: Request,
  { known, used, pages }: Pick<Edition, 'known' | 'used'> & { readonly pages: number | null },
  { inputs, files }: { inputs: string; files: readonly FileToStore[] },
): Manifest {
  const shown = new Set(used);
  return {
    brief: brief.id,
    issue: issueNumber(asOf),
    asOf,
    paper,
    inputs,
    pages,
    rows: eachRow(known)
      .filter(({ row }) => shown.has(row.id))
      .map(({ table, row }) => ({
        id: row.id,
        table,
        known_on: row.known_on,
        sha256: hashOf(JSON.stringify(row)),
      }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    files: files.map(({ name, content }) => ({
      name,
      bytes: Buffer.byteLength(content),
      sha256: hashOf(content),
    })),
  };
}

/**
 * The hash of all that an edition is made from: every file of the brief, the rows known by its cut-off, its identity,
 * the formats asked for, and `engine`, which names the program and its libraries.
 */
export function inputsOf(
  { brief, dataset, asOf, paper }: Request,
  { engine, formats }: { engine: string; formats: readonly string[] },
): string {
  const files: SourceFile[] = [
    brief.definition,
    brief.template,
    brief.macros,
    brief.styles,
    brief.theme.source,
    ...Object.values(brief.partials),
    ...Object.values(brief.queries),
    ...Object.values(brief.charts).map(({ source }) => source),
  ];
  return hashOf(
    JSON.stringify({
      engine,
      formats: formats.toSorted(),
      asOf,
      paper,
      files,
      rows: eachRow(dataset.tables).filter(({ row }) => row.known_on <= asOf),
    }),
  );
}
