import {
  ParseSpeeds,
  PDFDict,
  PDFDocument,
  PDFHeader,
  PDFHexString,
  PDFName,
  PDFStreamWriter,
  PDFString,
  ReadingDirection,
} from '@cantoo/pdf-lib';
import { AppError } from '../errors.ts';
import { escapeMarkup } from '../escape.ts';
import { hashOf } from '../hash.ts';
import { isRightToLeft } from '../locale.ts';
import { paintMarksFirst } from './arabic-marks.ts';
import { attach, type Attachment, readAttachments } from './attachments.ts';
import { destinationOf, lettersOf, linksOf, listBookmarks, readContents } from './contents.ts';

/** Named in every PDF, without a version, so that an update alone changes no byte. */
const CREATOR = 'Sitrep';

/**
 * Many small objects compress better together; pdf-lib's default of 50 takes 1.5 times as long and yields more bytes.
 */
const OBJECTS_PER_STREAM = 250;

/** In the names of the Arabic fonts, as a PDF from Chromium has them. */
const ARABIC_FONT = 'Arabic-';

export interface SealMetadata {
  readonly title: string;
  /** Null leaves the author out. */
  readonly author: string | null;
  readonly subject: string;
  readonly keywords: readonly string[];
  /** BCP 47, such as `en-GB`. */
  readonly language: string;
  /** Left to right by default. */
  readonly direction?: 'ltr' | 'rtl';
  /** Replaces the time of generation; milliseconds are dropped. */
  readonly date: Date;
  /** Text of every heading in document order, for correcting bookmarks. Without it, bookmarks stay as printed. */
  readonly headings?: readonly string[];
  /** Describes the destination of each link. */
  readonly links?: { readonly [destination: string]: string };
}

/**
 * Adds metadata to a printed PDF and removes whatever varies between two prints of one document. The same document,
 * browser version and metadata give the same bytes. Throws `pdf-invalid` if the PDF cannot be read.
 */
export async function seal(pdf: Uint8Array, metadata: SealMetadata, attachments: readonly Attachment[] = []) {
  const document = await load(settle(pdf, metadata.date));
  const { context } = document;
  if (Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength).includes(ARABIC_FONT))
    paintMarksFirst(document);
  document.setTitle(metadata.title, { showInWindowTitleBar: true });
  if (metadata.author !== null) document.setAuthor(metadata.author);
  document.setSubject(metadata.subject);
  document.setKeywords([...metadata.keywords]);
  document.setLanguage(metadata.language);
  // Which way viewers turn pages, and on which side they put the first of two.
  if (metadata.direction === 'rtl')
    document.catalog.getOrCreateViewerPreferences().setReadingDirection(ReadingDirection.R2L);
  document.setCreator(CREATOR);
  document.setProducer(CREATOR);
  document.setCreationDate(metadata.date);
  document.setModificationDate(metadata.date);
  mendBookmarks(document, metadata.headings ?? []);
  mapRoles(document);
  describeLinks(document, metadata.links ?? {});
  // ISO 32000-2, 14.3.2 requires an uncompressed stream of the catalogue.
  const xmp = context.stream(Buffer.from(xmpOf(metadata), 'utf8'), { Type: 'Metadata', Subtype: 'XML' });
  document.catalog.set(PDFName.of('Metadata'), context.register(xmp));
  // Read before the PDF is written, so it does not show any damage done by writing.
  const contents = readContents(document);
  attach(document, attachments, metadata);
  context.trailerInfo.ID = context.obj([blankIdentity(), blankIdentity()]);
  // The document's own save does this first: it sets the version that supports object streams. Nothing is left to
  // embed.
  context.header = PDFHeader.forVersion(1, 7);
  const writer = PDFStreamWriter.forContext(context, Infinity, true, OBJECTS_PER_STREAM);
  const sealed = await writer.serializeToBuffer();
  identify(sealed);
  return { pdf: sealed, pages: document.getPageCount(), contents, attached: readAttachments(document) };
}

/**
 * Rewrites values in place and keeps their width, so that the file's offsets stay valid. The values are the dates and
 * the ids of structure elements, whose numbers increase over the life of a browser page. The order of the ids is kept,
 * as the PDF's name tree requires (ISO 32000-2, 7.9.6).
 */
function settle(pdf: Uint8Array, date: Date): Uint8Array {
  const text = Buffer.from(pdf).toString('latin1');
  const ids = [...new Set(text.match(/\bnode\d{8}\b/g))].sort();
  const renamed = new Map(ids.map((id, index) => [id, `node${String(index + 1).padStart(8, '0')}`]));
  const stamp = `D:${date.toISOString().replace(/\D/g, '').slice(0, 14)}+00'00'`;
  const settled = text
    .replace(
      /(\/(?:CreationDate|ModDate) \()D:\d{14}[+-]\d\d'\d\d'\)/g,
      (_, key: string) => `${key}${stamp})`,
    )
    .replace(/\bnode\d{8}\b/g, (id) => renamed.get(id) ?? id);
  return Buffer.from(settled, 'latin1');
}

/**
 * Chromium joins the lines of a heading that wraps without the space between them, can repeat the first line or all of a
 * heading that moved to the next page, and writes capitals from a style as capitals in the text. A bookmark that differs from
 * its heading only in this gets the heading's text; others are left for the inspection to find.
 */
function mendBookmarks(document: PDFDocument, headings: readonly string[]): void {
  const bookmarks = listBookmarks(document);
  if (bookmarks.length !== headings.length) return;
  for (const [index, bookmark] of bookmarks.entries()) {
    const heading = (headings[index] ?? '').trim().replace(/\s+/g, ' ');
    const letters = lettersOf(heading);
    const title = lettersOf(bookmark.lookup(PDFName.of('Title'), PDFString, PDFHexString).decodeText());
    const repeated = title.endsWith(letters) ? title.slice(0, title.length - letters.length) : undefined;
    // The words of a right-to-left heading are in the order in which they are painted, from left to right.
    const isPainted = (printed: string) => isRightToLeft(heading) && sorted(title) === sorted(printed);
    if (
      (repeated !== undefined && letters.startsWith(repeated)) ||
      [letters, letters + letters].some(isPainted)
    ) {
      bookmark.set(PDFName.of('Title'), PDFHexString.fromText(heading));
    }
  }
}

const sorted = (letters: string): string => Array.from(letters).toSorted().join('');

async function load(pdf: Uint8Array): Promise<PDFDocument> {
  try {
    return await PDFDocument.load(pdf, { updateMetadata: false, parseSpeed: ParseSpeeds.Fastest });
  } catch (cause) {
    throw new AppError(
      'pdf-invalid',
      {
        problem: 'The browser printed a PDF that cannot be read.',
        hint: 'Print again; if it fails again, use another browser.',
      },
      { cause },
    );
  }
}

/** The same metadata as XMP (ISO 16684-1), which programs read first. It claims no conformance to PDF/A or PDF/UA. */
function xmpOf({ title, author, subject, keywords, language, date }: SealMetadata): string {
  const at = date.toISOString().replace(/\.\d+Z$/, 'Z');
  const words = keywords.map((keyword) => `<rdf:li>${escapeMarkup(keyword)}</rdf:li>`).join('');
  const inLanguage = (text: string) =>
    `<rdf:Alt><rdf:li xml:lang="x-default">${escapeMarkup(text)}</rdf:li></rdf:Alt>`;
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:format>application/pdf</dc:format>
<dc:title>${inLanguage(title)}</dc:title>
${author === null ? '' : `<dc:creator><rdf:Seq><rdf:li>${escapeMarkup(author)}</rdf:li></rdf:Seq></dc:creator>\n`}<dc:description>${inLanguage(subject)}</dc:description>
<dc:subject><rdf:Bag>${words}</rdf:Bag></dc:subject>
<dc:language><rdf:Bag><rdf:li>${escapeMarkup(language)}</rdf:li></rdf:Bag></dc:language>
<xmp:CreatorTool>${CREATOR}</xmp:CreatorTool>
<xmp:CreateDate>${at}</xmp:CreateDate>
<xmp:ModifyDate>${at}</xmp:ModifyDate>
<pdf:Producer>${CREATOR}</pdf:Producer>
<pdf:Keywords>${escapeMarkup(keywords.join(' '))}</pdf:Keywords>
</rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`;
}

/** Chromium tags bold and italic text with types that PDF 1.7 does not define; the role map gives their equivalents. */
function mapRoles({ context, catalog }: PDFDocument): void {
  const tree = catalog.lookupMaybe(PDFName.of('StructTreeRoot'), PDFDict);
  if (tree === undefined) return;
  const known = tree.lookupMaybe(PDFName.of('RoleMap'), PDFDict) ?? context.obj({});
  for (const type of ['Strong', 'Em']) known.set(PDFName.of(type), PDFName.of('Span'));
  tree.set(PDFName.of('RoleMap'), known);
}

/** Describes each link's destination, for screen-reader users who hear the link alone. */
function describeLinks(document: PDFDocument, links: { readonly [destination: string]: string }): void {
  for (const page of document.getPages())
    for (const link of linksOf(page)) {
      const name = destinationOf(link);
      const text = Object.hasOwn(links, name) ? links[name] : undefined;
      if (text !== undefined) link.set(PDFName.of('Contents'), PDFHexString.fromText(text));
    }
}

const identityLength = 32;
const blank = '0'.repeat(identityLength);
const marker = '/ID [ <';
const between = '> <';

/** Placeholder in the trailer until the file is written. */
export const blankIdentity = (): PDFHexString => PDFHexString.of(blank);

/**
 * Writes the file identifier (ISO 32000-2, 14.4) in place: the start of the SHA-256 of the file, computed with the
 * identifier set to zeros. It covers every byte, including attachments, so it reveals any later change unless the
 * identifier was also recomputed. `pdf` contains `blankIdentity` twice.
 */
export function identify(pdf: Uint8Array): void {
  const places = findIdentity(pdf);
  if (places === undefined) throw new Error('The sealed PDF has no identifier to fill in.');
  const identity = Buffer.from(digest(pdf), 'latin1');
  for (const place of places) pdf.set(identity, place);
}

/** Whether a file still matches its identifier. */
export function isIntact(pdf: Uint8Array): boolean {
  const places = findIdentity(pdf);
  if (places === undefined) return false;
  const bytes = Buffer.from(pdf);
  const [found, again] = places.map((place) => bytes.toString('latin1', place, place + identityLength));
  for (const place of places) bytes.write(blank, place, 'latin1');
  return found === again && found === digest(bytes);
}

const digest = (pdf: Uint8Array): string => hashOf(pdf).slice(0, identityLength);

/** The positions of the two halves of the last identifier in the file. */
function findIdentity(pdf: Uint8Array): readonly [number, number] | undefined {
  const bytes = Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength);
  const at = bytes.lastIndexOf(marker);
  if (at === -1) return undefined;
  const first = at + marker.length;
  const second = first + identityLength + between.length;
  const isWhole =
    bytes.toString('latin1', first + identityLength, second) === between &&
    bytes[second + identityLength] === '>'.charCodeAt(0);
  return isWhole ? [first, second] : undefined;
}
