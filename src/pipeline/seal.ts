import {
  ParseSpeeds,
  PDFDocument,
  PDFHeader,
  PDFHexString,
  PDFName,
  PDFStreamWriter,
  PDFString,
} from '@cantoo/pdf-lib';
import { AppError } from '../model/fault.ts';
import { attach, readAttachments, type Attachment, type FoundAttachment } from './attachments.ts';
import { lettersOf } from './gate/print.ts';
import { attachXmp, describeLinks, mapRoles, xmpOf } from './pdf-metadata.ts';
import { listBookmarks, readContents, type PdfContents } from './pdf-contents.ts';
import { blankIdentity, identify } from './pdf-identity.ts';

/** Named in every PDF; without versions, so that an update changes no byte by itself. */
const CREATOR = 'Sitrep';

/** Many small objects compress better together; pdf-lib's own 50 takes half as long again, and more bytes. */
const OBJECTS_PER_STREAM = 250;

export interface SealMetadata {
  readonly title: string;
  readonly author: string;
  readonly subject: string;
  readonly keywords: readonly string[];
  /** BCP 47, such as `en-GB`. */
  readonly language: string;
  /** Stands for the time of making; milliseconds are dropped. */
  readonly date: Date;
  /** Text of every heading in document order, to mend bookmarks with. Without it they stay as printed. */
  readonly headings?: readonly string[];
  /** What each destination of a link is. */
  readonly links?: { readonly [destination: string]: string };
}

export interface SealedPdf {
  readonly pdf: Uint8Array;
  readonly pages: number;
  /** What it shows, read before it was written: what writing itself might spoil is not in it. */
  readonly contents: PdfContents;
  /** The files in it. */
  readonly attached: readonly FoundAttachment[];
}

/**
 * Gives a printed PDF its metadata, and takes from it what differs between two prints of one document.
 * Same document, browser version and metadata: same bytes. Throws `pdf-invalid` when it cannot be read.
 */
export async function seal(
  pdf: Uint8Array,
  metadata: SealMetadata,
  attachments: readonly Attachment[] = [],
): Promise<SealedPdf> {
  const document = await load(settle(pdf, metadata.date));
  document.setTitle(metadata.title, { showInWindowTitleBar: true });
  document.setAuthor(metadata.author);
  document.setSubject(metadata.subject);
  document.setKeywords([...metadata.keywords]);
  document.setLanguage(metadata.language);
  document.setCreator(CREATOR);
  document.setProducer(CREATOR);
  document.setCreationDate(metadata.date);
  document.setModificationDate(metadata.date);
  mendBookmarks(document, metadata.headings ?? []);
  mapRoles(document);
  describeLinks(document, metadata.links ?? {});
  attachXmp(document, xmpOf(metadata, { creator: CREATOR }));
  const contents = readContents(document);
  attach(document, attachments, metadata);
  document.context.trailerInfo.ID = document.context.obj([blankIdentity(), blankIdentity()]);
  // What the document's own save would do first: name the version that knows streams of objects. Nothing is left to embed.
  document.context.header = PDFHeader.forVersion(1, 7);
  const writer = PDFStreamWriter.forContext(document.context, Infinity, true, OBJECTS_PER_STREAM);
  const sealed = await writer.serializeToBuffer();
  identify(sealed);
  return { pdf: sealed, pages: document.getPageCount(), contents, attached: readAttachments(document) };
}

/**
 * Rewrites in place, each value at its old width so that the file's offsets stay true: the dates, and the ids of
 * structure elements, which count up over the life of a browser page. Their order is kept, as the PDF's tree of
 * names requires (ISO 32000-2, 7.9.6).
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
 * Chromium joins the lines of a heading that wraps without the space between them, and can give a heading that
 * moved to the next page its text twice; capitals by style become capitals in the text. Bookmarks that match the headings but for this get the headings' text;
 * others are left for the inspection to find.
 */
function mendBookmarks(document: PDFDocument, headings: readonly string[]): void {
  const bookmarks = listBookmarks(document);
  if (bookmarks.length !== headings.length) return;
  for (const [index, bookmark] of bookmarks.entries()) {
    const heading = (headings[index] ?? '').trim().replace(/\s+/g, ' ');
    const letters = lettersOf(heading);
    const title = lettersOf(bookmark.lookup(PDFName.of('Title'), PDFString, PDFHexString).decodeText());
    if (title === letters || title === letters + letters) {
      bookmark.set(PDFName.of('Title'), PDFHexString.fromText(heading));
    }
  }
}

async function load(pdf: Uint8Array): Promise<PDFDocument> {
  try {
    return await PDFDocument.load(pdf, { updateMetadata: false, parseSpeed: ParseSpeeds.Fastest });
  } catch (cause) {
    throw new AppError(
      'pdf-invalid',
      [
        {
          problem: 'The browser printed a PDF that cannot be read.',
          mend: 'Print again; if it fails again, use another browser.',
        },
      ],
      { cause },
    );
  }
}
