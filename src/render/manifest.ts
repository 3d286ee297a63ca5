import { z } from 'zod';
import { day } from '../calendar.ts';
import { correction } from '../dataset/corrections.ts';
import { marking } from '../dataset/fields.ts';
import { fault } from '../errors.ts';
import { canonicalJson, hashOf } from '../hash.ts';
import { papers } from '../project/brief.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();
const text = z.string();

/** A row as it was known: the key of its version, and the hash of its content as JSON with sorted keys. */
const manifestRow = z.strictObject({ id: text, table: text, known_on: day, sha256 });
export type ManifestRow = z.output<typeof manifestRow>;

/** What an edition is made with besides its data. */
const partKinds = [
  'settings',
  'template',
  'partial',
  'styles',
  'query',
  'macros',
  'spec',
  'theme',
  'outlines',
  'font',
] as const;
/** One file; of `brief.yaml` the settings that shape the page, as JSON with sorted keys. */
const part = z.strictObject({ kind: z.enum(partKinds), file: text, sha256 });
export type Part = z.output<typeof part>;

const browser = z.strictObject({ name: text, version: text });
export type Browser = z.output<typeof browser>;

/** The versions of what reads, draws, sets and seals. */
const versions = z.strictObject({
  sitrep: text,
  duckdb: text,
  handlebars: text,
  vega: text,
  'vega-lite': text,
  'pdf-lib': text,
});
export type Versions = z.output<typeof versions>;

const relationships = ['Data', 'Source', 'Supplement'] as const;
const attachment = z.strictObject({
  name: text,
  mimeType: text,
  /** `AFRelationship` of ISO 32000-2, 14.13. */
  relationship: z.enum(relationships),
  bytes: count,
  sha256,
});

/** What an edition was made from. It is in the PDF itself, and so says nothing of the PDF. */
export const sealedManifest = z.strictObject({
  format: z.literal('sitrep-manifest-1'),
  brief: text,
  title: text,
  issue: text,
  asOf: day,
  /** The days reported on, both included, and the last day of the issue before. */
  period: z.strictObject({ start: day, end: day, previousAsOf: day }),
  /** The instant at which what is known stops, RFC 9557. */
  cutOff: text,
  paper: z.enum(papers),
  marking,
  /** What it was asked for with besides; empty for most briefs. */
  parameters: z.record(text, text),
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
    .nullable(),
  dataset: text,
  /** The rows that the pages show, and those that they cannot stand without. */
  rows: z.array(manifestRow),
  parts: z.array(part),
  /** `browser` is null where nothing was printed. */
  engine: versions.extend({ browser: browser.nullable() }),
  /** The bottom line as plain text, a paragraph each: what a message about the edition says. */
  summary: z.array(text),
  /** The rules of the gate that it holds to, and those that its brief waives, each with its reason. */
  rules: z.strictObject({
    passed: z.array(text),
    waived: z.array(z.strictObject({ rule: text, reason: text })),
    /** Faults that did not block it. */
    warnings: z.array(fault).default([]),
    /** Rows of its charts that are not drawn, or not one by one, each with its reason. */
    undrawn: z.array(z.strictObject({ chart: text, what: text, reason: text })).default([]),
  }),
  /** Of the page that was printed. */
  html: z.strictObject({ sha256 }),
  /** The files in the PDF, this one excepted. */
  attachments: z.array(attachment),
});
export type SealedManifest = z.output<typeof sealedManifest>;
export type AttachmentEntry = z.output<typeof attachment>;

/** The same beside the PDF, as `manifest.json`, with what is known once it is made. */
export const manifest = sealedManifest.extend({
  /** A hash over everything that the edition depends on: the same inputs need not be rendered again. */
  inputs: sha256,
  /** All rows known by the cut-off, those that the page does not show included: `sha256` is over their hashes. */
  known: z.array(z.strictObject({ table: text, rows: count, sha256 })),
  pages: z.number().int().positive().nullable(),
  files: z.array(z.strictObject({ name: text, bytes: count, sha256 })),
});
export type Manifest = z.output<typeof manifest>;

/** A manifest as it is written. */
export const manifestText = (value: SealedManifest | Manifest): string =>
  `${canonicalJson(value, { indent: 2 })}\n`;

/** Rows live as long as their dataset, and are asked for by every edition. */
const rowHashes = new WeakMap<object, string>();

/** Over the fields that say something: a column that a later version adds leaves the hashes of older rows as they are. */
export function hashOfRow(row: object): string {
  const known = rowHashes.get(row);
  if (known !== undefined) return known;
  const said = Object.entries(row).filter(([, value]) => !isEmpty(value));
  const hash = hashOf(canonicalJson(Object.fromEntries(said)));
  rowHashes.set(row, hash);
  return hash;
}

const isEmpty = (value: unknown): boolean => value === null || (Array.isArray(value) && value.length === 0);

export interface FileToStore {
  readonly name: string;
  readonly content: string | Uint8Array;
}
