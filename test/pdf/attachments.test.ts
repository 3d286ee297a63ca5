import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { getDocument, VerbosityLevel } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestSchema } from '../../scripts/write-schema.ts';
import { hashOf } from '../../src/hash.ts';
import { openPrinter, type Printer } from '../../src/pdf/browser/print.ts';
import { isIntact } from '../../src/pdf/seal.ts';
import type { Edition } from '../../src/production/produce.ts';
import { describeEdition } from '../../src/provenance/make-manifest.ts';
import { manifest, sealedManifest } from '../../src/render/manifest.ts';
import { toCsv } from '../../src/render/template/plain-rows.ts';
import { otherAttachments } from '../../src/rules/pdf/pdf.ts';
import { testCacheFolder } from '../support/cache.ts';
import { print } from '../support/gate.ts';
import { findBrief, loadProduct } from '../support/product.ts';

const product = await loadProduct();
let printer: Printer;
let edition: Edition;
beforeAll(async () => {
  printer = await openPrinter({ cacheFolder: testCacheFolder });
  edition = await print(product, { brief: 'isis-quieting', asOf: '2021-08-25' }, { printer });
});
afterAll(() => printer[Symbol.asyncDispose]());

const names = ['map', 'shares', 'story'].flatMap((chart) => [`${chart}.csv`, `${chart}.vg.json`]);

/** The files in a PDF as pdf.js finds them. */
async function filesIn(pdf: Uint8Array): Promise<{ [name: string]: string }> {
  const task = getDocument({ data: new Uint8Array(pdf), verbosity: VerbosityLevel.ERRORS });
  try {
    const document = await task.promise;
    const files: { [name: string]: string } = {};
    for (const [id, { filename }] of (await document.getAttachments()) ?? []) {
      const content = await document.getAttachmentContent(id);
      files[filename] = Buffer.from(content ?? []).toString('utf8');
    }
    return files;
  } finally {
    await task.destroy();
  }
}

describe('what is attached to a PDF', () => {
  it('is the manifest, and of each chart its rows and its spec, whole', async () => {
    const files = await filesIn(edition.pdf);
    expect(Object.keys(files).toSorted()).toEqual([...names, 'manifest.json'].toSorted());
    const inside = sealedManifest.parse(JSON.parse(files['manifest.json'] ?? ''));
    expect(inside).toEqual(edition.manifest);
    expect(inside.attachments.map(({ name }) => name)).toEqual(names.toSorted());
    for (const { name, sha256, bytes } of inside.attachments) {
      expect(hashOf(files[name] ?? ''), name).toBe(sha256);
      expect(Buffer.byteLength(files[name] ?? '')).toBe(bytes);
    }
    expect(files['shares.csv']?.split('\r\n').slice(0, 2)).toEqual([
      'id,place,detail,value,label,order,cites',
      'P-afghanistan,Afghanistan,country,100,all attacks,0,',
    ]);
    expect(JSON.parse(files['shares.vg.json'] ?? '')).toEqual(edition.charts['shares']?.compiled);
  });

  it('belongs to the document by ISO 32000-2, with sizes, types and dates, in the order of names', async () => {
    const text = Buffer.from(edition.pdf).toString('latin1');
    expect(text).toMatch(/^%PDF-1\.7\n/);
    expect(text).toMatch(/\/AF \[( \d+ 0 R){7} \]|\/AF \[ (\d+ 0 R ){7}\]/);
    expect(text.match(/\/Type \/EmbeddedFile/g)).toHaveLength(7);
    expect(text).toContain('/Subtype /text#2Fcsv');
    expect(text).toMatch(/\/Params <<\s*\/Size \d+\s*\/CreationDate \(D:20210825000000Z\)/);
  });

  it('can be extracted with an independent tool', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sitrep-attached-'));
    try {
      const pdf = join(folder, 'a.pdf');
      await writeFile(pdf, edition.pdf);
      const run = promisify(execFile)('pdfdetach', ['-saveall', '-o', folder, pdf]);
      // Part of poppler-utils, which not every machine has.
      if (
        (await run.then(
          () => null,
          (error: unknown) => Reflect.get(Object(error), 'code'),
        )) === 'ENOENT'
      )
        return;
      expect(edition.manifest.attachments).not.toEqual([]);
      for (const { name, sha256 } of edition.manifest.attachments)
        expect(hashOf(await readFile(join(folder, name)))).toBe(sha256);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the rule on attachments', () => {
  const brief = findBrief(product, 'isis-quieting');
  const entry = { name: 'a.csv', mimeType: 'text/csv', relationship: 'Data', bytes: 3, sha256: '' } as const;
  const packed = Buffer.from('abc');
  const found = { name: 'a.csv', relationship: 'Data', packed, associated: true };
  const judge = (pdf: string, attached: object[]) =>
    [
      ...otherAttachments({
        brief,
        pdf: Buffer.from(pdf),
        attachments: [{ entry, description: '', packed }],
        attached,
      } as never),
    ].map(({ problem }) => problem);

  it('finds what is missing, changed, cut, or not associated', () => {
    expect(judge('%PDF abc', [found])).toEqual([]);
    const missing = ['The attachment "a.csv" is missing or incomplete.'];
    expect(judge('%PDF abc', [])).toEqual(missing);
    expect(judge('%PDF abc', [{ ...found, packed: Buffer.from('abd') }])).toEqual(missing);
    expect(judge('%PDF ab', [found])).toEqual(missing);
    expect(judge('%PDF abc', [{ ...found, associated: false }])).toEqual(missing);
    expect(judge('%PDF abc', [{ ...found, relationship: 'Source' }])).toEqual(missing);
  });
});

describe('the identifier of a PDF', () => {
  it('covers every byte', () => {
    expect(isIntact(edition.pdf)).toBe(true);
    for (const part of [0.01, 0.3, 0.6, 0.99]) {
      const other = Buffer.from(edition.pdf);
      const at = Math.floor(other.length * part);
      other[at] = (other[at] ?? 0) ^ 1;
      expect(isIntact(other), String(at)).toBe(false);
    }
    expect(isIntact(Buffer.concat([edition.pdf, Buffer.from('\n')]))).toBe(false);
    expect(isIntact(Buffer.from('no PDF'))).toBe(false);
  });
});

describe('rows as CSV', () => {
  it('quotes by RFC 4180', () => {
    const rows = [{ a: 'x,y', b: 'say "no"', c: 'two\nlines', d: ['p', 'q'], e: null, f: true, g: -1.5 }];
    expect(toCsv(rows)).toBe('a,b,c,d,e,f,g\r\n"x,y","say ""no""","two\nlines",p; q,,true,-1.5\r\n');
  });

  it('leaves no text that a spreadsheet would calculate, and what was there can be had back', () => {
    const texts = [
      '=1+1',
      '+1',
      '-1',
      '@SUM(A1)',
      '\t=1',
      '\r=1',
      '\n=1',
      '＝1',
      '＋1',
      '－1',
      '＠1',
      "'a",
      'a=1',
      '',
    ];
    const cells = toCsv(texts.map((text) => ({ text })))
      .split('\r\n')
      .slice(1, -1);
    const read = cells.map((cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell));
    for (const cell of read) expect(cell).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/);
    expect(read.map((cell) => cell.replace(/^'/, ''))).toEqual(texts);
    expect(toCsv([{ '=a': ['=1', '=2'] }])).toBe("'=a\r\n'=1; =2\r\n");
  });

  it('leaves out columns that hold shapes', () => {
    expect(toCsv([{ id: 'P1', shape: { type: 'Point' } }])).toBe('id\r\nP1\r\n');
  });
});

describe('the manifest', () => {
  const validate = new Ajv2020({ formats: { date: true } }).compile(JSON.parse(manifestSchema()));

  it('is what its published schema says (npm run schema)', async () => {
    const file = join(import.meta.dirname, '../../docs/manifest.schema.json');
    expect(await readFile(file, 'utf8')).toBe(manifestSchema());
    const files = [{ name: 'a.pdf', content: edition.pdf }];
    const { rules, pages } = edition;
    const made = { rules, pages, inputs: hashOf(''), known: [], files };
    const beside = describeEdition(edition.manifest, made);
    expect(validate(edition.manifest), JSON.stringify(validate.errors)).toBe(true);
    expect(validate(beside), JSON.stringify(validate.errors)).toBe(true);
    expect(manifest.parse(beside).files[0]?.sha256).toBe(hashOf(edition.pdf));
    expect(validate({ ...edition.manifest, clock: 'now' })).toBe(false);
    expect(validate({ ...edition.manifest, rows: undefined })).toBe(false);
  });

  it('says what the charts leave undrawn, and why; of one that is not drawn nothing', async () => {
    const reason = 'They vary the readings drawn; a table of isis-quieting lists them.';
    const undrawn = [{ chart: 'story', what: 'rows with role: sensitivity', reason }];
    expect(edition.manifest.rules).toEqual({ passed: expect.anything(), waived: [], warnings: [], undrawn });
    const made = { rules: edition.rules, pages: 1, inputs: hashOf(''), known: [], files: [] };
    expect(describeEdition(edition.manifest, made).rules.undrawn).toEqual(undrawn);
    const early = await print(product, { brief: 'isis-quieting', asOf: '2021-08-16' }, { printer });
    expect(early.manifest.rules.undrawn).toEqual([]);
    // PDFs of before this was told can still be read.
    const { undrawn: _, ...old } = edition.manifest.rules;
    expect(manifest.shape.rules.parse(old).undrawn).toEqual([]);
  });

  it('lists the inputs of the edition', () => {
    const { parts, rows, engine, cutOff, period } = edition.manifest;
    const files = (kind: string) => parts.filter((part) => part.kind === kind).map(({ file }) => file);
    expect(files('settings')).toEqual(['sitrep.yaml', 'templates/isis-quieting/brief.yaml']);
    expect(files('template')).toEqual(['templates/isis-quieting/brief.hbs']);
    expect(files('partial')).toContain('templates/_afghanistan-2021/partials/readings.hbs');
    // It calls neither.
    expect(files('partial')).not.toContain('templates/_shared/partials/figures.hbs');
    expect(files('query')).toContain('templates/_afghanistan-2021/queries/readings.sql');
    expect(files('query')).not.toContain('templates/_afghanistan-2021/queries/timeline.sql');
    expect(files('spec')).toEqual([
      'templates/_afghanistan-2021/charts/hero.vl.json',
      'templates/isis-quieting/map.vl.json',
      'templates/isis-quieting/shares.vl.json',
    ]);
    expect(files('font')).toHaveLength(5);
    expect(files('outlines')).toEqual(['data/afghanistan-2021/provinces.topo.json']);
    for (const kind of ['styles', 'locale', 'theme']) expect(files(kind), kind).toHaveLength(1);
    expect(files('macros')).toEqual([
      'templates/_afghanistan-2021/macros.sql',
      'templates/_shared/macros.sql',
    ]);
    expect(rows.map(({ id }) => id)).toContain('F22');
    expect(engine.browser).toEqual({ name: printer.browser.name, version: printer.browser.version });
    for (const version of Object.values({ ...engine, browser: '1.' })) expect(version).toMatch(/^\d+\./);
    expect(cutOff).toBe('2021-08-26T00:00:00+01:00[Europe/London]');
    expect(period).toEqual({ start: '2021-08-19', end: '2021-08-25', previousAsOf: '2021-08-18' });
  });
});
