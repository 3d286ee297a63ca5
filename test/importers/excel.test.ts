import { join } from 'node:path';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { tableImporter } from '../../src/importers/table/importer.ts';
import { parseMapping } from '../../src/importers/table/mapping.ts';
import { faultsOf, newDesk } from '../support/incidents.ts';

const head = `source: Desk log
prefix: DESK
licence: { name: own, attribution: Our desk, allows_rows: true }
`;

const importerOf = (mapping: string) => {
  const parsed = parseMapping(mapping, 'log.yaml');
  return {
    importer: tableImporter(parsed.mapping, { file: 'log.yaml', sha256: parsed.sha256 }),
    options: parsed.mapping,
  };
};

type Rows = readonly (readonly (string | { readonly xml: string })[])[];

/** A workbook with one sheet; a cell is text, or XML for anything else. `change` edits the XML of its parts. */
function workbook(rows: Rows, change: { readonly [part: string]: (xml: string) => string } = {}): Uint8Array {
  const name = (column: number, row: number) => `${String.fromCodePoint(65 + column)}${row + 1}`;
  const cellOf = (cell: string | { xml: string }, at: string) =>
    typeof cell === 'string'
      ? cell === ''
        ? ''
        : `<c r="${at}" t="inlineStr"><is><t>${cell}</t></is></c>`
      : cell.xml.replace('AT', at);
  const body = rows.map(
    (cells, row) =>
      `<row r="${row + 1}">${cells.map((cell, column) => cellOf(cell, name(column, row))).join('')}</row>`,
  );
  const part = (xml: string) => strToU8(`<?xml version="1.0" encoding="UTF-8"?>${xml}`);
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const relations = 'http://schemas.openxmlformats.org/package/2006/relationships';
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const parts = {
    '[Content_Types].xml': part(
      '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    ),
    '_rels/.rels': part(
      `<Relationships xmlns="${relations}"><Relationship Id="r1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ),
    'xl/workbook.xml': part(
      `<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="Log" sheetId="1" r:id="r1"/></sheets></workbook>`,
    ),
    'xl/_rels/workbook.xml.rels': part(
      `<Relationships xmlns="${relations}"><Relationship Id="r1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="${office}/styles" Target="styles.xml"/></Relationships>`,
    ),
    'xl/styles.xml': part(
      `<styleSheet xmlns="${main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>`,
    ),
    'xl/worksheets/sheet1.xml': part(
      `<worksheet xmlns="${main}"><sheetData>${body.join('')}</sheetData></worksheet>`,
    ),
  };
  const changed = Object.entries(parts).map(([path, bytes]) => [
    path,
    strToU8(change[path]?.(strFromU8(bytes)) ?? strFromU8(bytes)),
  ]);
  return zipSync(Object.fromEntries(changed));
}

describe('Excel', () => {
  test('texts, numbers and dates', async () => {
    const desk = await newDesk('desk', '2027-01-01');
    const { importer, options } = importerOf(
      `${head}columns: { id: Ref, start: Date, deaths_best: Killed, summary: Remarks }\n`,
    );
    const rows = [
      ['Ref', 'Date', 'Killed', 'Remarks'],
      ['7', { xml: '<c r="AT" s="1"><v>45385</v></c>' }, { xml: '<c r="AT"><v>2</v></c>' }, 'One, two'],
    ];
    await desk.run(importer, [await desk.write(workbook(rows), 'log.xlsx')], { options });
    expect(await desk.rows('id, start, deaths_best, summary')).toEqual([
      { id: 'DESK-7', start: '2024-04-03', deaths_best: '2', summary: 'One, two' },
    ]);
  });

  test.each<[string, (rows: Uint8Array) => Uint8Array, RegExp]>([
    [
      'a formula',
      () =>
        workbook([
          ['Ref', 'Date'],
          ['7', { xml: '<c r="AT"><f>1+1</f><v>2</v></c>' }],
        ]),
      /formula \(B2\)/,
    ],
    ['no workbook', () => strToU8('not a zip'), /damaged/],
    ['a truncated workbook', (bytes) => bytes.slice(0, bytes.length - 40), /damaged/],
    [
      'a zip bomb',
      () => zipSync({ 'xl/worksheets/sheet1.xml': new Uint8Array(160_000_000) }, { level: 9 }),
      /unpacks to more than 150 MB/,
    ],
  ])('%s is refused, and nothing is written', async (_, make, problem) => {
    const desk = await newDesk('desk', '2027-01-01');
    const { importer } = importerOf(`${head}columns: { id: Ref, start: Date }\n`);
    const file = await desk.write(
      make(
        workbook([
          ['Ref', 'Date'],
          ['7', '2024-04-03'],
        ]),
      ),
      'log.xlsx',
    );
    const faults = await faultsOf(desk.run(importer, [file]));
    expect(faults.map((fault) => fault.problem).join('\n')).toMatch(problem);
    expect(await desk.files()).toEqual([]);
  });

  test('a zip bomb that understates its size is not unpacked beyond it', async () => {
    const desk = await newDesk('desk', '2027-01-01');
    const bomb = zipSync({ 'xl/worksheets/sheet1.xml': new Uint8Array(100_000_000) }, { level: 9 });
    const view = new DataView(bomb.buffer, bomb.byteOffset, bomb.byteLength);
    let changed = 0;
    for (let at = 0; at + 4 < bomb.length; at += 1)
      if (view.getUint32(at, true) === 100_000_000) {
        view.setUint32(at, 1000, true);
        changed += 1;
      }
    expect(changed).toBeGreaterThan(0);
    const { importer } = importerOf(`${head}columns: { id: Ref, start: Date }\n`);
    const before = process.memoryUsage().rss;
    expect(await faultsOf(desk.run(importer, [await desk.write(bomb, 'log.xlsx')]))).toHaveLength(1);
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000);
  });

  const mapping = `${head}columns: { id: Ref, start: Date, deaths_best: Killed, place: Town }\n`;
  const names = ['Ref', 'Date', 'Killed', 'Town'];
  const day = { xml: '<c r="AT" s="1"><v>45385</v></c>' };
  const sheet = 'xl/worksheets/sheet1.xml';

  /** The imported rows, or the faults. */
  async function read(bytes: Uint8Array, { with: more = '' } = {}) {
    const desk = await newDesk('desk', '2027-01-01');
    const { importer, options } = importerOf(more + mapping);
    const file = await desk.write(bytes, 'log.xlsx');
    const report = await desk.run(importer, [file], { options });
    const rows = await desk.rows('id, start, deaths_best, place');
    return { report, rows: rows.map((row) => Object.values(row).join(' ')) };
  }

  test('rows above the header are left out, and row numbers are those of the sheet', async () => {
    const { rows, report } = await read(
      workbook([['Incidents of April'], [], names, ['7', day, '2', 'Old Town'], ['8', 'soon', '', '']]),
    );
    expect(rows).toEqual(['DESK-7 2024-04-03 2 Old Town']);
    expect(report.skipped).toMatchObject([{ count: 1, rows: [5] }]);
  });

  test('rich text, numbers as text, booleans, times and error values', async () => {
    const bytes = workbook([
      [...names, 'Sure', 'Time', 'Note'],
      [
        '7',
        // 23:59, as a fraction of a day that is a little too small.
        { xml: '<c r="AT" s="1"><v>45385.9993055555</v></c>' },
        '2',
        { xml: '<c r="AT" t="inlineStr"><is><r><t>Old </t></r><r><rPr><b/></rPr><t>Town</t></r></is></c>' },
        // As LibreOffice writes it.
        { xml: '<c r="AT" t="b"><f aca="false">TRUE()</f><v>1</v></c>' },
        { xml: '<c r="AT" s="1"><v>0.170138888888889</v></c>' },
        { xml: '<c r="AT" t="e"><v>#N/A</v></c>' },
      ],
    ]);
    const desk = await newDesk('desk', '2027-01-01');
    const { importer, options } = importerOf(mapping);
    await desk.run(importer, [await desk.write(bytes, 'log.xlsx')], { options });
    expect(await desk.rows('start, deaths_best, place, extra')).toEqual([
      {
        start: '2024-04-03',
        deaths_best: '2',
        place: 'Old Town',
        extra: JSON.stringify({ Sure: 'true', Time: '04:05:00', Note: '#N/A' }),
      },
    ]);
  });

  test.each(['xlsxwriter.xlsx', 'libreoffice-1904.xlsx'])('%s, as another program saved it', async (name) => {
    const desk = await newDesk('desk', '2027-01-01');
    const { importer, options } = importerOf(
      `${head}columns: { id: Ref, start: Date, deaths_best: Killed, place: Town, summary: Remarks }\n`,
    );
    const file = join(import.meta.dirname, '../input/workbooks', name);
    const report = await desk.run(importer, [file], { options });
    expect(report).toMatchObject({ counts: { read: 6, new: 6 }, skipped: [], unreadable: [] });
    const rows = await desk.rows('id, start, deaths_best, place, summary, extra');
    expect(rows).toEqual(
      Array.from({ length: 6 }, (_, index) => ({
        id: `DESK-00${index + 1}`,
        start: `2024-04-0${index + 3}`,
        deaths_best: String(index),
        place: 'Old Town',
        summary: index === 1 ? 'Two\nlines, "quoted" & <tagged>' : 'A clash',
        extra: JSON.stringify({ Sure: String(index % 2 === 0) }),
      })),
    );
  });

  test.each(['1', 'true'])('dates count from 1904 where date1904="%s"', async (value) => {
    const bytes = workbook([names, ['7', { xml: '<c r="AT" s="1"><v>43923</v></c>' }, '2', 'Old Town']], {
      'xl/workbook.xml': (xml) => xml.replace('<sheets>', `<workbookPr date1904="${value}"/><sheets>`),
    });
    expect((await read(bytes)).rows).toEqual(['DESK-7 2024-04-03 2 Old Town']);
  });

  /** The sheet "Notes", in front of "Log". */
  const withNotes = (state: string, cells: string): Uint8Array => {
    const parts = unzipSync(
      workbook([names, ['7', day, '2', 'Old Town']], {
        'xl/workbook.xml': (xml) =>
          xml.replace(
            '<sheets>',
            `<sheets><sheet name="Notes &amp; more" sheetId="2" state="${state}" r:id="r9"/>`,
          ),
        'xl/_rels/workbook.xml.rels': (xml) =>
          xml.replace(
            /<Relationship Id="r1"([^>]*)sheet1\.xml"\/>/,
            (all, type: string) => `${all}<Relationship Id="r9"${type}sheet2.xml"/>`,
          ),
      }),
    );
    const notes = strFromU8(parts[sheet] ?? new Uint8Array()).replace(
      /<sheetData>.*<\/sheetData>/,
      `<sheetData><row r="1">${cells}</row></sheetData>`,
    );
    return zipSync({ ...parts, 'xl/worksheets/sheet2.xml': strToU8(notes) });
  };
  const words = '<c r="A1" t="inlineStr"><is><t>Read this</t></is></c>';

  test('a hidden sheet is passed over, and a formula in another sheet does no harm', async () => {
    const expectedRows = ['DESK-7 2024-04-03 2 Old Town'];
    expect((await read(withNotes('hidden', words))).rows).toEqual(expectedRows);
    const counted = withNotes('visible', '<c r="A1"><f>1+1</f><v>2</v></c>');
    expect((await read(counted, { with: 'sheet: Log\n' })).rows).toEqual(expectedRows);
  });

  test('a sheet without a table, and one that is not there, are refused with the names of the sheets', async () => {
    const bytes = withNotes('visible', words);
    expect(await faultsOf(read(bytes))).toMatchObject([
      {
        problem: expect.stringContaining('has no table in the sheet "Notes & more"'),
        hint: 'Name the right sheet in the mapping; its sheets are "Notes & more", "Log".',
      },
    ]);
    expect(await faultsOf(read(bytes, { with: 'sheet: Logs\n' }))).toMatchObject([
      { problem: 'has no sheet "Logs".', hint: expect.stringContaining('"Notes & more", "Log"') },
    ]);
  });

  const merging =
    (...refs: readonly string[]) =>
    (xml: string): string =>
      xml.replace(
        '</sheetData>',
        `</sheetData><mergeCells>${refs.map((ref) => `<mergeCell ref="${ref}"/>`).join('')}</mergeCells>`,
      );

  test('cells merged over several rows are refused; a title over several columns is not', async () => {
    const rows = [['April'], names, ['7', day, '2', 'Old Town'], ['8', day, '1', '']];
    const bytes = workbook(rows, { [sheet]: merging('A1:D1', 'D3:D4') });
    expect(await faultsOf(read(bytes))).toMatchObject([
      { problem: expect.stringContaining('merged over several rows (D3:D4)') },
    ]);
    const titled = await read(workbook(rows, { [sheet]: merging('A1:D1') }));
    expect(titled.rows).toHaveLength(2);
  });

  test('a row of groups above the names of columns is no header, and a name merged with it is one', async () => {
    const [first = '', second = '', third = '', fourth = ''] = names;
    const rows = [
      ['April'],
      [first, 'When and how many', '', fourth],
      ['', second, third, ''],
      ['7', day, '2', 'Old Town'],
    ];
    const merged = merging('A1:D1', 'A2:A3', 'B2:C2', 'D2:D3');
    const { rows: found } = await read(workbook(rows, { [sheet]: merged }));
    expect(found).toEqual((await read(workbook([names, ...rows.slice(3)]))).rows);
    expect(found).toHaveLength(1);
    // A name over two columns, above rows with numbers, is still one of the header.
    const wide = [
      [...names, 'Notes', ''],
      ['7', day, { xml: '<c r="AT"><v>2</v></c>' }, 'Old Town', 'a', 'b'],
    ];
    expect((await read(workbook(wide, { [sheet]: merging('E1:F1') }))).rows).toHaveLength(1);
  });

  test('a workbook with a password is refused as such', async () => {
    const bytes = Uint8Array.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0]);
    expect(await faultsOf(read(bytes))).toMatchObject([
      { problem: 'is protected by a password, or an old workbook (.xls).' },
    ]);
  });
});
