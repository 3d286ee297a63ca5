import { createHash } from 'node:crypto';
import { z } from 'zod';
import { papers } from './brief.ts';
import { day } from './calendar.ts';
import { correction } from './correction.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What an edition was made from; it lies beside the PDF as `manifest.json`. */
export const manifest = z.strictObject({
  brief: z.string(),
  issue: z.string(),
  asOf: day,
  paper: z.enum(papers),
  /** What it was asked for with besides; empty for most briefs. */
  parameters: z.record(z.string(), z.string()).default({}),
  /** Of a corrected revision: what it replaces, and each row that was corrected; null for an edition as first issued. */
  correction: correction
    .omit({ rows: true })
    .extend({
      changes: z.array(
        z.strictObject({
          id: z.string(),
          table: z.string(),
          change: z.enum(['revised', 'withdrawn']),
          known_on: day,
          text: z.string(),
        }),
      ),
    })
    .nullable()
    .default(null),
  /** A hash over everything that the edition depends on: the same inputs need not be rendered again. */
  inputs: sha256,
  pages: z.number().int().positive().nullable(),
  /** The bottom line as plain text, a paragraph each: what a message about the edition says. */
  summary: z.array(z.string()),
  /** The rows that the pages show, each with the hash of its content. */
  rows: z.array(z.strictObject({ id: z.string(), table: z.string(), known_on: day, sha256 })),
  /** The rules of the gate that it holds to, and those that its brief waives, each with its reason. */
  rules: z.strictObject({
    passed: z.array(z.string()),
    waived: z.array(z.strictObject({ rule: z.string(), reason: z.string() })),
  }),
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
