import { ParseSpeeds, PDFDocument } from '@cantoo/pdf-lib';
import { AppError } from '../errors.ts';
import { hashOf } from '../hash.ts';
import { MANIFEST, readAttachments, unpack } from '../pdf/attachments.ts';
import { type PdfContents, readContents } from '../pdf/contents.ts';
import { isIntact } from '../pdf/seal.ts';
import { checkPacked } from '../pdf/streams.ts';
import { differingNames, type SealedManifest, sealedManifest } from '../render/manifest.ts';

/** What a PDF states about itself. */
export interface Proof {
  readonly manifest: SealedManifest;
  readonly sha256: string;
  /** Whether its bytes still match its identifier. */
  readonly intact: boolean;
  /** The names of attachments that differ from the manifest, including missing and added ones. */
  readonly otherAttachments: readonly string[];
  /** Reads the pages' content; undefined if they cannot be read. Throws `pdf-invalid` if the file is malicious. */
  readonly readPages: () => PdfContents | undefined;
}

/** Reads a PDF from Sitrep. Throws `pdf-invalid` if it is damaged or from another program. */
export async function readProof(pdf: Uint8Array): Promise<Proof> {
  const document = await load(pdf);
  const found = readSafely(() => readAttachments(document)) ?? [];
  const own = found.find(({ name }) => name === MANIFEST);
  const text = own === undefined ? undefined : unpack(own);
  if (text === undefined)
    throw invalid(
      'This PDF is not from Sitrep, or its manifest was removed.',
      'Use the PDF exactly as Sitrep stored or sent it: other programs may drop attachments when they save a PDF.',
    );
  const manifest = sealedManifest.safeParse(
    readSafely((): unknown => JSON.parse(Buffer.from(text).toString())),
  );
  if (!manifest.success)
    throw invalid(
      'This version of Sitrep cannot read the manifest in this PDF.',
      'Use the version that generated the PDF. If that is this version, the PDF was altered.',
    );
  return {
    manifest: manifest.data,
    sha256: hashOf(pdf),
    intact: isIntact(pdf),
    otherAttachments: differingNames(
      manifest.data.attachments,
      found
        .filter(({ name }) => name !== MANIFEST)
        .map((each) => ({
          name: each.name,
          sha256: hashOf(unpack(each) ?? 'nothing that can be read'),
        })),
    ),
    readPages: () => readSafely(() => readContents(document)),
  };
}

async function load(pdf: Uint8Array): Promise<PDFDocument> {
  if (!Buffer.from(pdf.subarray(0, 1024)).includes('%PDF-'))
    throw invalid('This is not a PDF.', 'Use a PDF from Sitrep.');
  try {
    await checkPacked(pdf);
    return await PDFDocument.load(pdf, { updateMetadata: false, parseSpeed: ParseSpeeds.Fastest });
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw invalid(
      'This PDF cannot be read: it is damaged or was altered.',
      'Use another copy of it, such as the one in output/.',
      cause,
    );
  }
}

/** A damaged file throws various errors, which only say that it is damaged; our own errors give a reason. */
function readSafely<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof AppError) throw error;
    return undefined;
  }
}

const invalid = (problem: string, hint: string, cause?: unknown): AppError =>
  new AppError('pdf-invalid', [{ problem, hint }], { cause });
