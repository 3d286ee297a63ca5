import {
  AFRelationship,
  PDFArray,
  PDFContext,
  PDFDict,
  type PDFDocument,
  PDFHexString,
  PDFName,
  PDFRawStream,
  PDFString,
} from '@cantoo/pdf-lib';
import { canonicalJson, hashOf } from '../hash.ts';
import type { Locale } from '../locale.ts';
import type { EvidenceSet } from '../query/evidence-set.ts';
import type { Illustration } from '../render/illustrate.ts';
import { type AttachmentEntry, manifestText, type SealedManifest } from '../render/manifest.ts';
import { toCsv } from '../render/template/plain-rows.ts';
import { textOf } from './contents.ts';
import { unpackStream } from './streams.ts';

/** The manifest's file name, both in the PDF and beside it. */
export const MANIFEST = 'manifest.json';

/** A compressed file to attach to a PDF. */
export type Attachment = ReturnType<typeof pack>;

/** A file found in a PDF. */
export type FoundAttachment = ReturnType<typeof readAttachments>[number];

function pack(entry: Pick<AttachmentEntry, 'name' | 'relationship'>, text: string, description: string) {
  const content = Buffer.from(text, 'utf8');
  const mimeType = entry.name.endsWith('.csv') ? 'text/csv' : 'application/json';
  return {
    entry: { ...entry, mimeType, bytes: content.byteLength, sha256: hashOf(content) },
    description,
    packed: PDFContext.create().flateStream(content).getContents(),
  };
}

const packData = (name: string, text: string, description: string): Attachment =>
  pack({ name, relationship: 'Data' }, text, description);

export const packManifest = (manifest: SealedManifest, { text }: Locale): Attachment =>
  pack(
    { name: MANIFEST, relationship: 'Supplement' },
    manifestText(manifest),
    text('page.attachments.manifest'),
  );

/** A spec is compiled and packed once for all editions. */
const packedSpecs = new WeakMap<object, Attachment>();

/** The attachments for each chart that an edition shows: the rows behind the chart, and its compiled spec. */
export function chartAttachments(
  charts: { readonly [name: string]: Illustration },
  { text }: Locale,
): Attachment[] {
  return Object.entries(charts).flatMap(([chart, { rows, compiled, title }]) => {
    const description = text('page.attachments.spec', { title });
    const entry = { name: `${chart}.vg.json`, relationship: 'Source' } as const;
    const spec = packedSpecs.get(compiled) ?? pack(entry, canonicalJson(compiled), description);
    packedSpecs.set(compiled, spec);
    return [
      packData(`${chart}.csv`, toCsv(rows), text('page.attachments.rows', { title })),
      { ...spec, description },
    ];
  });
}

/**
 * The attachments for each evidence set that an edition cites: its rows as CSV, or its query with the ids as JSON. The
 * incidents that are cited one by one are in one CSV file, without those whose licence does not allow it.
 */
export function evidenceAttachments(sets: readonly EvidenceSet[], { text }: Locale): Attachment[] {
  const single = sets.flatMap(({ incident, attached }) =>
    incident !== null && attached.kind === 'rows' ? attached.rows : [],
  );
  const files = sets.flatMap((set) => {
    const { name, attached, query, parameters, sources, attributions, rows, count, sha256 } = set;
    if (query === null) return [];
    if (attached.kind === 'rows') {
      const description = text('page.attachments.evidence_rows', { name });
      return [packData(`evidence-${name}.csv`, toCsv(attached.rows), description)];
    }
    const ids = attached.kind === 'ids' ? attached.ids : null;
    const content = { sources, attributions, query: query.text, parameters, rows, count, sha256, ids };
    const key = ids === null ? 'page.attachments.evidence_query' : 'page.attachments.evidence_ids';
    return [packData(`evidence-${name}.json`, canonicalJson(content), text(key, { name }))];
  });
  if (single.length > 0)
    files.push(packData('cited-incidents.csv', toCsv(single), text('page.attachments.cited_incidents')));
  return files;
}

/**
 * Adds files to a PDF as associated files of the document (ISO 32000-2, 14.13 and 7.11.4), sorted by name, as the name
 * tree requires. pdf-lib's own method does not read the clock either, but would compress the files again.
 */
export function attach(
  { context, catalog }: PDFDocument,
  attachments: readonly Attachment[],
  { date }: { date: Date },
): void {
  const stamp = PDFString.fromDate(date);
  const sorted = attachments.toSorted((a, b) => (a.entry.name < b.entry.name ? -1 : 1));
  const specs = sorted.map(({ entry: { name, mimeType, relationship, bytes }, description, packed }) => {
    const file = context.stream(packed, {
      Type: 'EmbeddedFile',
      Subtype: mimeType,
      Filter: 'FlateDecode',
      Params: { Size: bytes, CreationDate: stamp, ModDate: stamp },
    });
    const stream = context.register(file);
    return context.register(
      context.obj({
        Type: 'Filespec',
        F: PDFString.of(name),
        UF: PDFHexString.fromText(name),
        Desc: PDFHexString.fromText(description),
        EF: { F: stream, UF: stream },
        AFRelationship: AFRelationship[relationship],
      }),
    );
  });
  const names = catalog.lookupMaybe(PDFName.of('Names'), PDFDict) ?? context.obj({});
  const files = names.lookupMaybe(PDFName.of('EmbeddedFiles'), PDFDict) ?? context.obj({});
  // Files that were already there, and are not ours, stay listed so that the gate refuses them.
  const before = files.lookupMaybe(PDFName.of('Names'), PDFArray)?.asArray() ?? [];
  const listed = sorted.flatMap(({ entry }, index) => [PDFString.of(entry.name), specs[index] ?? null]);
  files.set(PDFName.of('Names'), context.obj([...before, ...listed]));
  names.set(PDFName.of('EmbeddedFiles'), files);
  catalog.set(PDFName.of('Names'), names);
  catalog.set(PDFName.of('AF'), context.obj(specs));
}

/** The files in a PDF, as its name tree lists them. A tree with several levels is not from Sitrep and is not read. */
export function readAttachments({ catalog }: PDFDocument) {
  const tree = catalog.lookupMaybe(PDFName.of('Names'), PDFDict);
  const files = tree?.lookupMaybe(PDFName.of('EmbeddedFiles'), PDFDict);
  const listed = files?.lookupMaybe(PDFName.of('Names'), PDFArray);
  const associated = catalog.lookupMaybe(PDFName.of('AF'), PDFArray)?.asArray() ?? [];
  return (listed?.asArray() ?? []).flatMap((name, at) => {
    const spec = at % 2 === 0 ? listed?.lookupMaybe(at + 1, PDFDict) : undefined;
    const stream = spec?.lookupMaybe(PDFName.of('EF'), PDFDict)?.lookup(PDFName.of('F'));
    const reference = listed?.get(at + 1);
    if (reference === undefined || !(stream instanceof PDFRawStream)) return [];
    return {
      name: textOf(name) ?? '',
      relationship: spec?.lookupMaybe(PDFName.of('AFRelationship'), PDFName)?.decodeText() ?? '',
      packed: stream.getContents(),
      /** Whether the catalogue lists it as a file of the document. */
      associated: associated.includes(reference),
      stream,
    };
  });
}

/** Larger than any attachment of ours; a file that unpacks to more is not from Sitrep. */
const mostBytes = 8_000_000;

/** The unpacked content of a file in a PDF; undefined if it cannot be unpacked or is too large. */
export function unpack({ stream }: FoundAttachment): Uint8Array | undefined {
  try {
    return unpackStream(stream, mostBytes);
  } catch {
    return undefined;
  }
}
