import { decodePDFRawStream, PDFDocument, PDFRawStream, PDFStreamWriter } from '@cantoo/pdf-lib';
import { hashOf } from '../../src/hash.ts';
import { readAttachments } from '../../src/pdf/attachments.ts';
import { blankIdentity, identify } from '../../src/pdf/seal.ts';
import { sealedManifest } from '../../src/render/manifest.ts';

/** Changes a PDF, and writes it as Sitrep does, with an identifier that fits. */
export async function forge(pdf: Uint8Array, change: (document: PDFDocument) => void): Promise<Uint8Array> {
  const document = await PDFDocument.load(pdf, { updateMetadata: false });
  change(document);
  document.context.trailerInfo.ID = document.context.obj([blankIdentity(), blankIdentity()]);
  const forged = await PDFStreamWriter.forContext(document.context, Infinity, true, 250).serializeToBuffer();
  identify(forged);
  return forged;
}

function rewrite({ context }: PDFDocument, stream: unknown, change: (content: string) => string): string {
  if (!(stream instanceof PDFRawStream)) throw new Error('There is no such stream.');
  const [ref] = context.enumerateIndirectObjects().find(([, object]) => object === stream) ?? [];
  if (ref === undefined) throw new Error('The stream stands in no object.');
  const before = Buffer.from(decodePDFRawStream(stream).decode()).toString('latin1');
  const after = change(before);
  if (after === before) throw new Error('The change leaves the stream as it is.');
  const fields = Object.fromEntries(
    stream.dict
      .entries()
      .flatMap(([key, value]) => (key.decodeText() === 'Length' ? [] : [[key.decodeText(), value]])),
  );
  context.assign(ref, context.flateStream(Buffer.from(after, 'latin1'), fields));
  return after;
}

/** Changes what paints the first page. */
export function repaint(document: PDFDocument, change: (content: string) => string): void {
  rewrite(document, document.getPage(0).node.Contents(), change);
}

export function addRow(document: PDFDocument): void {
  const found = (name: string) => readAttachments(document).find((each) => each.name === name)?.stream;
  const csv = rewrite(document, found('timeline.csv'), (text) => `${text}more\r\n`);
  rewrite(document, found('manifest.json'), (text) => {
    const manifest = sealedManifest.parse(JSON.parse(Buffer.from(text, 'latin1').toString()));
    const attachments = manifest.attachments.map((each) =>
      each.name === 'timeline.csv' ? { ...each, sha256: hashOf(Buffer.from(csv, 'latin1')) } : each,
    );
    return Buffer.from(JSON.stringify({ ...manifest, attachments })).toString('latin1');
  });
}

/** What whoever alters a PDF on purpose does. */
export function reidentify(pdf: Buffer): void {
  const at = pdf.lastIndexOf('/ID [ <') + '/ID [ <'.length;
  for (const place of [at, at + 35]) pdf.fill('0', place, place + 32);
  identify(pdf);
}
