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

/** The kinds of files that shape an edition, besides its data. */
const partKind = z.enum([
  'settings',
  'template',
  'partial',
  'styles',
  'locale',
  'query',
  'macros',
  'spec',
  'theme',
  'outlines',
  'font',
  'image',
]);
/** One file. For `brief.yaml`, the hash covers the settings that shape the page, as JSON with sorted keys. */
const part = z.strictObject({ kind: partKind, file: text, sha256 });
export type Part = z.output<typeof part>;

const browser = z.strictObject({ name: text, version: text });
export type Browser = z.output<typeof browser>;

/** Versions of the software that reads, draws, typesets and seals. */
const versions = z.strictObject({
  sitrep: text,
  duckdb: text,
  handlebars: text,
  vega: text,
  'vega-lite': text,
  'pdf-lib': text,
});
export type Versions = z.output<typeof versions>;

/** An evidence set, or one incident by its id, as the page cites it. */
const manifestEvidence = z.strictObject({
  name: text,
  /** The file of its query; null for one incident. */
  query: text.nullable(),
  /** Rows, and the incidents that they represent. */
  rows: count,
  count,
  start: day,
  end: day,
  /** Over the rows as selected, in order of id; for one incident, over its row as JSON with sorted keys. */
  sha256,
  attached: z.enum(['rows', 'ids', 'query']),
});

const attachment = z.strictObject({
  name: text,
  mimeType: text,
  /** `AFRelationship` of ISO 32000-2, 14.13. */
  relationship: z.enum(['Data', 'Source', 'Supplement']),
  bytes: count,
  sha256,
});

/** The inputs of an edition. The sealed manifest is inside the PDF, so it cannot describe the PDF. */
export const sealedManifest = z.strictObject({
  format: z.literal('sitrep-manifest-1'),
  brief: text,
  title: text,
  issue: text,
  asOf: day,
  /** The days reported on, inclusive, and the last day of the previous issue. */
  period: z.strictObject({ start: day, end: day, previousAsOf: day }),
  /** The instant of the cut-off, RFC 9557. */
  cutOff: text,
  paper: z.enum(papers),
  marking,
  /** Parameter values; empty for most briefs. */
  parameters: z.record(text, text),
  /**
   * For a corrected revision, the revision that it replaces and each corrected row; null for an edition as first
   * issued.
   */
  correction: correction
    .omit({ rows: true })
    .extend({
      changes: z.array(
        z.strictObject({
          /** The id of a row, or of an incident, or the name of an evidence set. */
          id: z.string(),
          /** `incidents` for incidents. */
          table: z.string(),
          change: z.enum(['revised', 'withdrawn']),
          known_on: day,
          text: z.string(),
        }),
      ),
    })
    .nullable(),
  dataset: text,
  /** The rows that the pages show, and the rows that those require. */
  rows: z.array(manifestRow),
  /** The last import of incidents that the queries saw; null without incidents. */
  incidents: z
    .strictObject({
      import: count,
      known_on: day,
      /** The last successful check of each source, if the dataset is refreshed before slots. */
      checked: z.record(text, day).optional(),
    })
    .nullable()
    .default(null),
  /** The evidence sets and single incidents that the pages show. */
  evidence: z.array(manifestEvidence).default([]),
  parts: z.array(part),
  /** `browser` is null if nothing was printed. */
  engine: versions.extend({ browser: browser.nullable() }),
  /** The bottom line as plain text, one item per paragraph, for messages about the edition. */
  summary: z.array(text),
  /** The gate's rules that the edition complies with, and those that its brief waives, with reasons. */
  rules: z.strictObject({
    passed: z.array(text),
    waived: z.array(z.strictObject({ rule: text, reason: text })),
    /** Faults that did not block the edition. */
    warnings: z.array(fault).default([]),
    /** Chart rows that are not drawn, or not drawn individually, with reasons. */
    undrawn: z.array(z.strictObject({ chart: text, what: text, reason: text })).default([]),
  }),
  /** The printed page. */
  html: z.strictObject({ sha256 }),
  /** The files attached to the PDF, except this one. */
  attachments: z.array(attachment),
});
export type SealedManifest = z.output<typeof sealedManifest>;
export type AttachmentEntry = z.output<typeof attachment>;

/** A picture in the edition's folder. Sizes are in pixels. */
const picture = z.strictObject({
  name: text,
  sha256,
  width: count,
  height: count,
  /** The text for people who cannot see it. */
  alt: text,
});
export type Picture = z.output<typeof picture>;

/** What messages about an edition say and show besides the bottom line, in its language. */
export const highlights = z.strictObject({
  /** BCP 47 tag. */
  language: text,
  publisher: z.strictObject({ name: text, corrections: text.nullable() }).nullable(),
  colours: z.strictObject({ ink: text, accent: text }),
  headline: text.nullable(),
  judgments: z.array(
    z.strictObject({
      text,
      /** The term with its range, and the range in per cent. */
      likelihood: z.strictObject({ text, low: count, high: count }).nullable(),
      confidence: text.nullable(),
    }),
  ),
  /** The chart that tells the story. */
  hero: picture.extend({ caption: text }).nullable(),
  logo: picture.nullable(),
});
export type Highlights = z.output<typeof highlights>;

/** The manifest beside the PDF, `manifest.json`, with facts known only after generation. */
export const manifest = sealedManifest.extend({
  /** A hash over everything that the edition depends on: if it is the same, rendering again is unnecessary. */
  inputs: sha256,
  /** All rows known by the cut-off, including those not shown on the page; `sha256` is over their hashes. */
  known: z.array(z.strictObject({ table: text, rows: count, sha256 })),
  pages: z.number().int().positive().nullable(),
  /** Null for an edition of an earlier version. */
  highlights: highlights.nullable().default(null),
  files: z.array(z.strictObject({ name: text, bytes: count, sha256 })),
});
export type Manifest = z.output<typeof manifest>;

/** Serialises a manifest. */
export const manifestText = (value: SealedManifest | Manifest): string =>
  `${canonicalJson(value, { indent: 2 })}\n`;

/** Cached, because rows live as long as their dataset and every edition needs their hashes. */
const rowHashes = new WeakMap<object, string>();

type Hashed = Pick<SealedManifest['attachments'][number], 'name' | 'sha256'>;

/** The names, sorted, of the files that only one of two lists has or that have another hash. */
export function differingNames(was: readonly Hashed[], is: readonly Hashed[]): string[] {
  const hashes = (files: readonly Hashed[]) => new Map(files.map((file) => [file.name, file.sha256]));
  const [before, after] = [hashes(was), hashes(is)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .toSorted();
}

/** A hash over the fields that are not empty, so that a column added by a later version does not change it. */
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
