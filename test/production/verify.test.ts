import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PDFDocument, PDFHexString, PDFName } from '@cantoo/pdf-lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashOf } from '../../src/hash.ts';
import type { Printer } from '../../src/pdf/browser/print.ts';
import { linksOf, listBookmarks } from '../../src/pdf/contents.ts';
import { isIntact } from '../../src/pdf/seal.ts';
import type { Repository } from '../../src/production/open-edition.ts';
import type { Edition } from '../../src/production/produce.ts';
import { verify } from '../../src/production/verify.ts';
import type { Recorded } from '../../src/provenance/alterations.ts';
import { describeEdition, knownTables } from '../../src/provenance/make-manifest.ts';
import type { Manifest } from '../../src/render/manifest.ts';
import { openProject } from '../../src/wiring/project.ts';
import { copyFolder } from '../support/copy.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { remembered } from '../support/effects.ts';
import { addRow, forge, reidentify, repaint } from '../support/forge-pdf.ts';
import { print } from '../support/gate.ts';
import { openWarmPrinter, rememberedPrinting } from '../support/printer.ts';
import { loadProduct, swapText } from '../support/product.ts';

const root = join(import.meta.dirname, '../..');
const product = await loadProduct();
let printer: Printer;
let printOnce: Printer['print'];
let edition: Edition;
let beside: Manifest;
beforeAll(async () => {
  printer = await openWarmPrinter();
  printOnce = rememberedPrinting(printer.print);
  edition = await print(product, { brief: 'al-qaeda-ties', asOf: '2021-08-25' }, { printer });
  const { rules, pages, pdf, manifest } = edition;
  const known = knownTables(product.dataset.tables, '2021-08-25');
  const files = [{ name: 'a.pdf', content: pdf }];
  beside = describeEdition(manifest, { rules, pages, inputs: hashOf(''), known, files });
});
afterAll(() => printer[Symbol.asyncDispose]());

type Change = readonly [file: string, change: (text: string) => string];

/** A copy of the repository, with some files changed. */
async function repositoryWith(...changes: readonly Change[]): Promise<Repository & { folder: string }> {
  const folder = await temporaryFolder();
  for (const name of ['templates', 'data']) copyFolder(join(root, name), join(folder, name));
  await copyFile(join(root, 'sitrep.yaml'), join(folder, 'sitrep.yaml'));
  for (const [file, change] of changes) {
    const path = join(folder, file);
    const text = await readFile(path, 'utf8');
    const changed = change(text);
    if (changed === text) throw new Error(`The change leaves ${file} as it is.`);
    await writeFile(path, changed);
  }
  return { ...repositoryIn(folder), folder };
}

function repositoryIn(folder: string): Repository {
  const effects = {
    ...remembered,
    startPrinting: () => {},
    print: printOnce,
    browser: () => Promise.resolve(printer.browser),
  };
  return { ...openProject(folder, { sitrep: root }), effects, signal: new AbortController().signal };
}

/** The repository as it is, read once. */
const unchanged = (): Repository => {
  const { dataset, material } = product;
  return {
    ...repositoryIn(root),
    loadDataset: (name) => {
      if (name !== 'afghanistan-2021') throw new Error(`No edition here is on ${name}.`);
      return Promise.resolve(dataset);
    },
    loadMaterial: () => Promise.resolve(material),
  };
};

interface Given {
  readonly pdf?: Uint8Array;
  readonly records?: readonly Recorded[];
  readonly manifest?: Manifest;
}
const check = (repository: Repository, { pdf = edition.pdf, records = [], manifest }: Given = {}) =>
  verify(pdf, { beside: manifest ?? null, recordsOf: () => Promise.resolve(records), repository });

const swap = (from: string, to: string) => (text: string) => swapText(text, from, to);
const data = (table: string) => `data/afghanistan-2021/${table}.csv`;
/** Adds a copy of a row, known on another day. */
const copyRow =
  (id: string, { knownOn, status = 'current' }: { knownOn: string; status?: string }) =>
  (text: string) => {
    const row = text.split('\n').find((line) => line.startsWith(`${id},`)) ?? '';
    return `${text.trimEnd()}\n${row.replace(/^([^,]*),[^,]*,[^,]*/, `$1,${knownOn},${status}`)}\n`;
  };

test('the same repository gives the same bytes, and so do the records', async () => {
  const sha256 = hashOf(edition.pdf);
  const found = await check(await repositoryWith(), {
    records: [{ where: 'the ledger', sha256 }],
    manifest: beside,
  });
  expect(found).toEqual({
    verdict: 'identical',
    edition: 'al-qaeda-ties/2021-08-25',
    sha256,
    rendered: sha256,
    alterations: [],
    differences: [],
    faults: [],
    notes: [],
  });
});

describe('what differs is named', () => {
  const cases: readonly (readonly [what: string, change: Change, says: readonly string[]])[] = [
    [
      'a row that was edited in place',
      [data('measures'), swap('Senior meetings in the UN report', 'Meetings of seniors in the UN report')],
      ['row F07 changed'],
    ],
    [
      'a row that was revised before the cut-off',
      [data('measures'), copyRow('F07', { knownOn: '2021-08-20' })],
      ['row F07 revised'],
    ],
    [
      'the template',
      ['templates/al-qaeda-ties/brief.hbs', swap('What is reported', 'What is told')],
      ['file templates/al-qaeda-ties/brief.hbs changed'],
    ],
    [
      'a partial',
      ['templates/_shared/partials/gaps.hbs', swap('page.headings.gaps', 'page.headings.caveats')],
      ['file templates/_shared/partials/gaps.hbs changed'],
    ],
    [
      'a query',
      ['templates/al-qaeda-ties/claims.sql', (text) => `${text}\n-- more\n`],
      ['file templates/al-qaeda-ties/claims.sql changed'],
    ],
    [
      'a chart',
      ['templates/_afghanistan-2021/charts/timeline.vl.json', (text) => `${text}\n`],
      ['file templates/_afghanistan-2021/charts/timeline.vl.json changed'],
    ],
    [
      'the styles',
      ['templates/_shared/page.css', (text) => `${text}\nmain { orphans: 3; }\n`],
      ['file templates/_shared/page.css changed'],
    ],
    [
      'the marking',
      ['templates/al-qaeda-ties/brief.yaml', swap('TLP:CLEAR', 'TLP:GREEN')],
      ['file templates/al-qaeda-ties/brief.yaml changed', 'setting marking changed'],
    ],
  ];

  test.each(cases)('%s', async (_, change, says) => {
    const found = await check(await repositoryWith(change), { manifest: beside });
    const told = found.differences.map(({ kind, name, change: how }) => `${kind} ${name} ${how}`);
    expect({ verdict: found.verdict, told }).toEqual({ verdict: 'differs', told: says });
    for (const each of found.differences) expect(each.says).toMatch(/\.$/);
  });

  test('the outlines of a map', async () => {
    const { pdf } = await print(product, { brief: 'isis-quieting', asOf: '2021-08-25' }, { printer });
    const repository = await repositoryWith([
      'data/afghanistan-2021/provinces.topo.json',
      (text) => `${text}\n`,
    ]);
    const found = await check(repository, { pdf });
    expect(found.differences).toEqual([
      expect.objectContaining({ kind: 'file', name: 'data/afghanistan-2021/provinces.topo.json' }),
    ]);
  });

  test('rows that came, and that were withdrawn', async () => {
    const repository = await repositoryWith([
      data('gaps'),
      (text) => {
        const withdrawn = copyRow('G-ties-1', { knownOn: '2021-08-01', status: 'withdrawn' })(text);
        const added = copyRow('G-ties-4', { knownOn: '2021-08-02' })(withdrawn);
        return added.replace('G-ties-4,2021-08-02', 'G-ties-9,2021-08-02');
      },
    ]);
    const found = await check(repository);
    expect(found.differences.map(({ says }) => says)).toEqual([
      'G-ties-1 (gaps) was withdrawn by a row known on 2021-08-01.',
      'G-ties-9 (gaps), known on 2021-08-02, is shown now, but was not before.',
    ]);
  });

  test('a font', async () => {
    const repository = unchanged();
    const material = await repository.loadMaterial();
    const [first, ...others] = material.fonts;
    if (first === undefined) throw new Error('There are no fonts.');
    const fonts = [{ ...first, sha256: '0'.repeat(64) }, ...others];
    const found = await check({ ...repository, loadMaterial: () => Promise.resolve({ ...material, fonts }) });
    expect(found.differences.map(({ says }) => says)).toEqual([`The font ${first.file} was changed.`]);
  });

  test('another browser', async () => {
    const repository = unchanged();
    const browser = () => Promise.resolve({ name: 'Chrome', version: '1.2.3.4' });
    const found = await check({ ...repository, effects: { ...repository.effects, browser } });
    expect(found.verdict).toBe('differs');
    expect(found.differences).toEqual([
      expect.objectContaining({ kind: 'engine', name: 'browser', change: 'changed' }),
    ]);
    expect(found.differences[0]?.says).toContain('Chrome 1.2.3.4');
    expect(found.notes).toEqual([expect.stringContaining('Nothing vouches for this PDF')]);
  });
});

test('a page that differs although its manifest is the same is not called altered', async () => {
  // A helper of Sitrep's own that writes another word: the same versions, other code.
  const repository = unchanged();
  const material = await repository.loadMaterial();
  const other = { ...material, fontFaces: `${material.fontFaces}/* */` };
  const found = await check({ ...repository, loadMaterial: () => Promise.resolve(other) });
  expect(found).toMatchObject({ verdict: 'differs', alterations: [], differences: [] });
  expect(found.notes).toEqual([expect.stringContaining('or Sitrep was changed without a new version')]);
});

test('what is revised after the cut-off, or shapes no page, changes nothing', async () => {
  const repository = await repositoryWith(
    [data('measures'), copyRow('F07', { knownOn: '2021-09-03' })],
    [
      'templates/al-qaeda-ties/brief.yaml',
      swap('TLP:CLEAR\n', 'TLP:CLEAR\ndeliver: [{ folder: archive }]\n'),
    ],
    ['templates/_shared/partials/incidents.hbs', swap('page.incidents.when', 'page.incidents.where')],
  );
  const found = await check(repository);
  expect(found.verdict).toBe('identical');
  expect(found.notes).toEqual(['F07 was revised on 2021-09-03, after the cut-off.']);
});

test('a brief that was removed, or that is blocked now, cannot be rendered', async () => {
  const gone = await repositoryWith();
  await rm(join(gone.folder, 'templates/al-qaeda-ties'), { recursive: true });
  const none = await check(gone);
  expect(none).toMatchObject({ verdict: 'differs', rendered: null });
  expect(none.faults[0]).toMatchObject({ file: 'templates/al-qaeda-ties' });

  const held = await check(
    await repositoryWith(
      ['templates/al-qaeda-ties/brief.yaml', swap('pages: 4', 'pages: 1')],
      [data('measures'), swap('Senior meetings in the UN report', 'Meetings of seniors in the UN report')],
    ),
  );
  expect(held).toMatchObject({ verdict: 'differs', rendered: null });
  expect(held.faults[0]?.rule).toBe('pdf-limits');
  expect(held.differences.map(({ name }) => name)).toEqual(['F07']);
});

describe('other bytes of the same page', () => {
  test('are not called altered while they show the same, nor identical, and the record decides', async () => {
    // As another build might print them: what paints the first page ends with one more blank.
    const pdf = await forge(edition.pdf, (document) => repaint(document, (content) => `${content}\n`));
    expect(isIntact(pdf)).toBe(true);
    const repository = unchanged();
    const found = await check(repository, { pdf });
    expect(found).toMatchObject({ verdict: 'differs', alterations: [], differences: [] });
    expect(found.notes).toEqual([
      expect.stringMatching(/^It shows the same page, but its bytes differ: .* was generated\.$/),
    ]);

    const recorded = await check(repository, {
      pdf,
      records: [{ where: 'the ledger', sha256: hashOf(pdf) }],
    });
    expect(recorded).toMatchObject({ verdict: 'differs', alterations: [] });
    expect(recorded.notes).toEqual([expect.stringContaining('printed or sealed differently')]);
    expect(await check(repository, { pdf, manifest: beside })).toMatchObject({
      verdict: 'altered',
      notes: [],
    });
  });

  const forgeries: readonly (readonly [
    what: string,
    says: string,
    change: (document: PDFDocument) => void,
  ])[] = [
    [
      'another text',
      'the text of page 1',
      (document) => repaint(document, (content) => content.replace(/(MCID[^<]*<)(\w{4})/, '$10003')),
    ],
    ['another size', 'the size of page 2', (document) => document.getPage(1).setSize(600, 800)],
    ['fewer pages', 'the number of its pages', (document) => document.removePage(1)],
    [
      'another link',
      'its links',
      (document) => linksOf(document.getPage(0))[0]?.set(PDFName.of('Dest'), PDFName.of('elsewhere')),
    ],
    [
      'another bookmark',
      'its bookmarks',
      (document) => listBookmarks(document)[0]?.set(PDFName.of('Title'), PDFHexString.fromText('Other')),
    ],
    ['another attachment, with a manifest made to fit', 'the attachment "timeline.csv"', addRow],
  ];
  test.each(forgeries)('with %s are altered', async (_, says, change) => {
    const found = await check(unchanged(), { pdf: await forge(edition.pdf, change) });
    expect(found.verdict).toBe('altered');
    expect(found.alterations).toEqual([expect.stringContaining('its contents differ, namely ')]);
    expect(found.alterations[0]).toContain(says);
  });

  test('have no record to vouch for them if the manifest names another browser', async () => {
    const repository = unchanged();
    const browser = () => Promise.resolve({ name: 'Chrome', version: '1.2.3.4' });
    const older = { ...repository, effects: { ...repository.effects, browser } };
    const other = Buffer.from(edition.pdf);
    const at = other.indexOf('stream', 2000) + 200;
    other[at] = (other[at] ?? 0) ^ 1;
    reidentify(other);
    const found = await check(older, { pdf: other });
    expect(found).toMatchObject({ verdict: 'differs', differences: [{ name: 'browser' }] });
    expect(found.notes).toEqual([expect.stringContaining('Nothing vouches for this PDF')]);
    const records = [{ where: 'the ledger', sha256: hashOf(other) }];
    expect((await check(older, { pdf: other, records })).notes).toEqual([]);
  });
});

describe('a PDF that was altered is called so', () => {
  const flipped = (at: number) => {
    const other = Buffer.from(edition.pdf);
    other[at] = (other[at] ?? 0) ^ 1;
    return other;
  };
  /** Within the code table of a compressed stream: from there on it reads as something else. */
  const inPage = () => Buffer.from(edition.pdf).indexOf('stream', 2000) + 30;

  test('by one byte', async () => {
    const found = await check(unchanged(), { pdf: flipped(inPage()) });
    expect(found.verdict).toBe('altered');
    expect(found.alterations).toEqual([expect.stringContaining('do not match its identifier')]);
  });

  test('with an identifier made to fit', async () => {
    const other = flipped(inPage());
    reidentify(other);
    expect(isIntact(other)).toBe(true);
    const found = await check(unchanged(), { pdf: other });
    expect(found.verdict).toBe('altered');
    expect(found.alterations).toEqual([
      // The stream holds the tree of pages, with what hangs on it.
      expect.stringMatching(
        /^The PDF was altered .* its contents differ, namely the number of its pages, its bookmarks, its links\.$/,
      ),
    ]);
    // Not told from data that changed, but for those who wrote the hash down.
    const recorded = await check(unchanged(), { pdf: other, manifest: beside });
    expect(recorded.alterations[0]).toContain('A different SHA-256 is recorded in the manifest beside it');
  });

  test('while its rows were changed too', async () => {
    const repository = await repositoryWith([
      data('measures'),
      swap('Senior meetings in the UN report', 'Meetings of seniors in the UN report'),
    ]);
    const found = await check(repository, { pdf: flipped(inPage()) });
    expect(found.verdict).toBe('altered');
    expect(found.differences.map(({ name }) => name)).toEqual(['F07']);
  });

  test('or where another hash was written down', async () => {
    const records = [{ where: 'the ledger', sha256: '0'.repeat(64) }];
    const found = await check(unchanged(), { records });
    expect(found).toMatchObject({ verdict: 'altered', rendered: found.sha256 });
    expect(found.alterations).toEqual([expect.stringMatching(/in the ledger, 0{64}: the PDF matches what/)]);
  });
});

test('what is no PDF of ours is a clear fault', async () => {
  const repository = unchanged();
  const codes = [
    [Buffer.from('x'), /not a PDF/],
    [Buffer.from(edition.pdf.subarray(0, 3000)), /damaged|is not from Sitrep/],
    [await printer.print('<p>x</p>', { signal: repository.signal }), /is not from Sitrep/],
  ] as const;
  for (const [pdf, problem] of codes) {
    await expect(check(repository, { pdf })).rejects.toMatchObject({
      code: 'pdf-invalid',
      faults: [{ problem: expect.stringMatching(problem) }],
    });
  }
});
