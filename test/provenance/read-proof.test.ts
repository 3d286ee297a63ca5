import { deflateSync } from 'node:zlib';
import { PDFDocument, PDFName, type PDFObject } from '@cantoo/pdf-lib';
import { describe, expect, test } from 'vitest';
import { hashOf } from '../../src/hash.ts';
import { attach } from '../../src/pdf/attachments.ts';
import { readContents } from '../../src/pdf/contents.ts';
import { readProof } from '../../src/provenance/read-proof.ts';
import { manifestText, type SealedManifest } from '../../src/render/manifest.ts';
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
  ['none', {}, /is not from Sitrep/],
  ['one that is no JSON', { 'manifest.json': 'x' }, /^This version of Sitrep cannot read/],
  [
    'one of another form',
    { 'manifest.json': '{"format":"sitrep-manifest-9"}' },
    /^This version of Sitrep cannot read/,
  ],
  [
    'one that unpacks to more than any of ours',
    { 'manifest.json': ' '.repeat(9_000_000) },
    /is not from Sitrep/,
  ],
])('refuses a manifest: %s', async (_, files, problem) => {
  await expect(readProof(await pdfWith(files))).rejects.toMatchObject({
    code: 'pdf-invalid',
    faults: [{ problem: expect.stringMatching(problem), hint: expect.stringMatching(/\.$/) }],
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

describe('a file that was made to harm', () => {
  type Made = (document: PDFDocument) => void;
  /** Puts streams into the place of what the page shows. */
  const showing =
    (count: number, stream: (document: PDFDocument) => PDFObject): Made =>
    (document) => {
      const streams = Array.from({ length: count }, () => document.context.register(stream(document)));
      document.getPage(0).node.set(PDFName.of('Contents'), document.context.obj(streams));
    };
  const deflated = (document: PDFDocument, bytes: Uint8Array, filter: string | string[]) =>
    document.context.stream(bytes, { Filter: filter });
  const megabytes = (count: number) => deflateSync(Buffer.alloc(count * 2 ** 20, ' '));
  const [below, beyond] = [megabytes(63), megabytes(65)];
  const tooLarge = /^This PDF unpacks to more data than any PDF from Sitrep/;
  const packed = /compresses its streams in a way that Sitrep never does/;

  const problemOf = (problem: RegExp) =>
    expect.objectContaining({
      code: 'pdf-invalid',
      faults: [{ problem: expect.stringMatching(problem), hint: expect.stringMatching(/\.$/) }],
    });

  test.each<[string, Made]>([
    ['a stream beyond the limit', showing(1, (d) => deflated(d, beyond, 'FlateDecode'))],
    ['streams beyond it together', showing(5, (d) => deflated(d, below, 'FlateDecode'))],
  ])('is not even opened: %s', async (_, change) => {
    const pdf = await pdfWith({ 'manifest.json': manifestOf() }, change);
    await expect(readProof(pdf)).rejects.toEqual(problemOf(tooLarge));
  });

  /** Under its own name the library would leave such a stream out of what it writes. */
  const withRead = async (type: string, bytes: Uint8Array, fields: object): Promise<Uint8Array> => {
    const standIn = 'Unread'.padEnd(type.length, '-');
    const pdf = await pdfWith({ 'manifest.json': manifestOf() }, ({ context }) => {
      context.register(context.stream(bytes, { Type: standIn, N: 1, First: 4, Size: 1, ...fields }));
    });
    const text = Buffer.from(pdf).toString('latin1').replace(`/${standIn}`, `/${type}`);
    expect(text).toContain(`/${type}`);
    return Buffer.from(text, 'latin1');
  };
  const Flate = 'FlateDecode';
  const damaged = /^This PDF is damaged or was altered/;
  /** Of a window that zlib takes for none, and the library does not look at. */
  const oddWindow = Buffer.concat([Buffer.from([0x88, 0x1c]), beyond.subarray(2)]);

  test.each<[string, string, Uint8Array, object, RegExp]>([
    ['objects beyond the limit', 'ObjStm', beyond, { Filter: Flate }, tooLarge],
    ['by another spelling', 'Obj#53tm', beyond, { Filter: Flate }, tooLarge],
    ['packed twice', 'ObjStm', deflateSync(beyond), { Filter: [Flate, Flate] }, packed],
    ['packed twice, a table', 'XRef', deflateSync(beyond), { Filter: [Flate, Flate] }, packed],
    ['packed and spelt out', 'ObjStm', beyond, { Filter: ['ASCIIHexDecode', Flate] }, packed],
    ['packed in another way', 'ObjStm', beyond, { Filter: 'LZWDecode' }, packed],
    ['damaged for us, and not for others', 'ObjStm', oddWindow, { Filter: Flate }, damaged],
    ['cut off', 'ObjStm', below.subarray(0, -9), { Filter: Flate }, damaged],
    [
      'more than there are',
      'XRef',
      below,
      { Filter: Flate, W: [1, 0, 0], Index: [0, 1e9] },
      /^This PDF lists more/,
    ],
    ['more by its size', 'XRef', below, { Filter: Flate, W: [1, 0, 0], Size: 1e9 }, /^This PDF lists more/],
    [
      'of endless numbers',
      'XRef',
      below,
      { Filter: Flate, W: [1, 1e9, 0], Index: [0, 1] },
      /^This PDF lists its/,
    ],
    [
      'less than none',
      'XRef',
      below,
      { Filter: Flate, W: [1, 0, 0], Index: [0, -1e9, 0, 1e9] },
      /^This PDF counts/,
    ],
  ])('is not even opened: objects packed together, %s', async (_, type, bytes, fields, problem) => {
    const pdf = await withRead(type, bytes, fields);
    await expect(readProof(pdf)).rejects.toEqual(problemOf(problem));
  });

  test('is opened if its compressed objects look like those of a real print', async () => {
    const pdf = await withRead('ObjStm', deflateSync('99 0 <</A 1>>'), { First: 5, Filter: Flate });
    expect((await readProof(pdf)).manifest).toEqual(sampleManifest);
  });

  test.each<[string, Made, RegExp]>([
    ['a stream beyond the limit', showing(1, (d) => deflated(d, beyond, 'FlateDecode')), tooLarge],
    ['the same, its filter in a list', showing(1, (d) => deflated(d, beyond, ['FlateDecode'])), tooLarge],
    ['streams beyond it together', showing(5, (d) => deflated(d, below, 'FlateDecode')), tooLarge],
    [
      'a stream packed twice',
      showing(1, (d) => deflated(d, deflateSync(beyond), ['FlateDecode', 'FlateDecode'])),
      packed,
    ],
    ['a stream packed in another way', showing(1, (d) => deflated(d, below, 'RunLengthDecode')), packed],
    [
      'text that is opened and never closed',
      showing(1, (d) => d.context.flateStream('BMC '.repeat(101))),
      /nests its text too deeply/,
    ],
  ])('shows nothing: %s', async (_, change, problem) => {
    const document = await PDFDocument.load(await pdfWith({}, change));
    expect(() => readContents(document)).toThrow(problemOf(problem));
  });

  test('says so where its pages are read', async () => {
    const pdf = await pdfWith({ 'manifest.json': manifestOf() }, (document) => {
      const { context } = document;
      const stream = context.register(deflated(document, below, 'FlateDecode'));
      document.getPage(0).node.set(PDFName.of('Contents'), context.obj(Array(5).fill(stream)));
    });
    const { readPages } = await readProof(pdf);
    expect(readPages).toThrow(problemOf(tooLarge));
  });

  test('what is within the limit is read, and a range of glyphs has an end', async () => {
    const map = '1 beginbfrange <0041> <ffffffffffff> <0041> endbfrange';
    const pdf = await pdfWith({ 'manifest.json': manifestOf() }, (document) => {
      const { context } = document;
      const show = `/P <</MCID 0>> BDC /F1 9 Tf <00410042> Tj EMC${' '.repeat(60 * 2 ** 20)}`;
      showing(1, () => context.flateStream(show))(document);
      const font = context.obj({ Type: 'Font', ToUnicode: context.register(context.flateStream(map)) });
      document.getPage(0).node.setFontDictionary(PDFName.of('F1'), context.register(font));
    });
    expect((await readProof(pdf)).readPages()?.pages.map(({ text }) => text)).toEqual(['AB']);
  });
});
