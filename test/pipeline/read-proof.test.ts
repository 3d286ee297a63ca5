import { PDFDocument, PDFName } from '@cantoo/pdf-lib';
import { expect, test } from 'vitest';
import { hashOf, manifestText, type SealedManifest } from '../../src/model/manifest.ts';
import { attach } from '../../src/pipeline/attachments.ts';
import { readProof } from '../../src/pipeline/read-proof.ts';
import { sampleManifest } from '../support/sample-manifest.ts';

/** A PDF with files of any content, as a hand that is not ours may make it. */
async function pdfWith(
  files: { readonly [name: string]: string },
  change: (document: PDFDocument) => void = () => {},
): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  document.addPage();
  const packed = Object.entries(files).map(([name, text]) => ({
    entry: { name, mimeType: 'text/plain', relationship: 'Data', bytes: text.length, sha256: '' } as const,
    description: name,
    packed: document.context.flateStream(text).getContents(),
  }));
  attach(document, packed, { date: new Date('2021-08-25T00:00:00Z') });
  change(document);
  return document.save({ useObjectStreams: false });
}

const manifestOf = (more: Partial<SealedManifest> = {}) => manifestText({ ...sampleManifest, ...more });

test('names every attachment that is not what the manifest says', async () => {
  const entry = (name: string, text: string) => ({
    name,
    mimeType: 'text/csv',
    relationship: 'Data' as const,
    bytes: text.length,
    sha256: hashOf(text),
  });
  const attachments = [entry('as-named.csv', 'a'), entry('changed.csv', 'b'), entry('gone.csv', 'c')];
  const proof = await readProof(
    await pdfWith({
      'manifest.json': manifestOf({ attachments }),
      'as-named.csv': 'a',
      'changed.csv': 'B',
      'more.csv': 'd',
    }),
  );
  expect(proof.manifest.attachments).toHaveLength(3);
  expect(proof.otherAttachments).toEqual(['changed.csv', 'gone.csv', 'more.csv']);
  expect(proof.intact).toBe(false);
});

test.each([
  ['none', {}, /did not make this PDF/],
  ['one that is no JSON', { 'manifest.json': 'x' }, /none that this version/],
  ['one of another form', { 'manifest.json': '{"format":"sitrep-manifest-9"}' }, /none that this version/],
  ['one that unpacks to more than any of ours', { 'manifest.json': ' '.repeat(9_000_000) }, /did not make/],
])('refuses a manifest: %s', async (_, files, problem) => {
  await expect(readProof(await pdfWith(files))).rejects.toMatchObject({
    code: 'pdf-invalid',
    faults: [{ problem: expect.stringMatching(problem), mend: expect.stringMatching(/\.$/) }],
  });
});

test('ends where bookmarks go round in a circle and a text has no end', async () => {
  const pdf = await pdfWith({ 'manifest.json': manifestOf() }, (document) => {
    const { context, catalog } = document;
    const entry = context.obj({});
    const reference = context.register(entry);
    entry.set(PDFName.of('Next'), reference);
    entry.set(PDFName.of('First'), reference);
    catalog.set(PDFName.of('Outlines'), context.obj({ First: reference }));
    const text = context.register(context.stream('<0041'));
    document.getPage(0).node.set(PDFName.of('Contents'), text);
  });
  const pages = (await readProof(pdf)).readPages();
  expect(pages?.bookmarks).toHaveLength(1);
  expect(pages?.pages).toHaveLength(1);
});
