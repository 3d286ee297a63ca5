import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acled } from '../../src/importers/acled.ts';
import { suggestFor } from '../../src/importers/table/suggest.ts';
import { tableImporter } from '../../src/importers/table/importer.ts';
import { parseMapping } from '../../src/importers/table/mapping.ts';
import { boxTexts } from '../support/country-boxes.ts';
import { acledEvent, csv, faultsOf, newDesk } from '../support/incidents.ts';

const mappingText = (lat: string, lon: string): string => `source: Desk log
prefix: DESK
licence: { name: own, attribution: Our desk, allows_rows: true }
columns: { id: Ref, start: Day, country: Country, lat: ${lat}, lon: ${lon} }
`;
const importerOf = (text: string) => {
  const { mapping, sha256 } = parseMapping(text, 'log.yaml');
  return { importer: tableImporter(mapping, { file: 'log.yaml', sha256 }), options: mapping };
};
/** Two places in France, one in Spain and one in the overseas part of France; the last row has no point. */
const points = [
  ['France', '49.1157', '-1.0906'],
  ['France', '48.8566', '2.3522'],
  ['Spain', '40.4168', '-3.7038'],
  ['France', '-21.1151', '55.5364'],
  ['Spain', '', ''],
] as const;
const log = ['Ref,Day,Country,Y,X', ...points.map((point, index) => `${index},2024-03-10,${point.join()}`)];
const text = `${log.join('\n')}\n`;

test('a file with latitude and longitude swapped is refused once, with the rows and the entries to change', async () => {
  const desk = await newDesk();
  const file = await desk.write(text);
  expect(await faultsOf(desk.run(importerOf(mappingText('X', 'Y')).importer, [file]))).toEqual([
    {
      file,
      row: 2,
      problem:
        'has latitude and longitude swapped: 3 of 4 incidents lie in their country only the other way round.',
      hint: 'Swap the columns of lat and lon in the mapping.',
      count: 3,
      also: ['row 3', 'row 4'],
    },
  ]);
  const report = await desk.run(importerOf(mappingText('Y', 'X')).importer, [file]);
  expect(report.counts.new).toBe(5);
  expect(report.far).toEqual([]);
});

test('a damaged import that an earlier version accepted can be repaired, swapped or not', async () => {
  const desk = await newDesk();
  const { importer } = importerOf(mappingText('Y', 'X'));
  const file = await desk.write(text);
  await desk.run(importer, [file]);
  await writeFile(join(desk.into, 'incidents/0001/rows.parquet'), 'damaged');
  const swapped = { ...importerOf(mappingText('X', 'Y')).importer, origin: importer.origin };
  const { counts, isRepair } = await desk.run(swapped, [file]);
  expect([counts.new, isRepair]).toEqual([5, true]);
});

test('an export with the two columns swapped is refused too, one event of several is not', async () => {
  const desk = await newDesk();
  const swapped = acledEvent({ event_id_cnty: 'FRA2', latitude: '-1.0906', longitude: '49.1157' });
  const [fault, ...others] = await faultsOf(desk.run(acled, [await desk.write(csv([swapped]))]));
  expect(fault?.hint).toBe('Export the file again, or swap the two columns in it.');
  expect(others).toEqual([]);
  const correct = ['FRA3', 'FRA4'].map((id) => acledEvent({ event_id_cnty: id }));
  const { counts } = await desk.run(acled, [await desk.write(csv([swapped, ...correct]))]);
  expect(counts.new).toBe(3);
});

test('an incident far outside its country is counted in the report and imported', async () => {
  const desk = await newDesk();
  const far = acledEvent({ event_id_cnty: 'FRA2', latitude: '0', longitude: '120' });
  const atSea = acledEvent({ event_id_cnty: 'FRA3', latitude: '52.5', longitude: '-4.9' });
  const file = await desk.write(csv([acledEvent({}), far, atSea]), 'export.csv');
  const report = await desk.run(acled, [file]);
  expect(report.far).toEqual([{ file: 'export.csv', count: 1, rows: [3] }]);
  expect(report.counts.new).toBe(3);
});

test('rows without a known country or without a point are left alone', async () => {
  const desk = await newDesk();
  const file = await desk.write(
    csv([acledEvent({ iso: '', country: 'Ruritania', latitude: '0', longitude: '120' })]),
  );
  const { far, counts } = await desk.run(acled, [file]);
  expect([far, counts.new]).toEqual([[], 1]);
});

test('a suggestion assigns swapped columns by where the rows lie, and says so', async () => {
  const desk = await newDesk();
  const suggest = async (header: string) =>
    suggestFor(await desk.write(text.replace(log[0] ?? '', header)), {}, { cacheFolder: desk.folder });
  const swapped = await suggest('Ref,Day,Country,Longitude,Latitude');
  expect(parseMapping(swapped, 'suggested.yaml').mapping.columns).toMatchObject({
    lat: 'Longitude',
    lon: 'Latitude',
  });
  expect(swapped).toContain(
    '# "Latitude" and "Longitude": most rows lie in their country only if these two are swapped',
  );
  const correct = await suggest('Ref,Day,Country,Latitude,Longitude');
  expect(parseMapping(correct, 'suggested.yaml').mapping.columns).toMatchObject({
    lat: 'Latitude',
    lon: 'Longitude',
  });
  expect(correct).not.toContain('swapped');
});

test('the boxes of countries are those of the outlines', async () => {
  const file = await readFile(
    new URL('../../src/importers/places/country-boxes.ts', import.meta.url),
    'utf8',
  );
  const [, written = ''] = /`\n([a-z]{2} [^`]+)\n`/.exec(file) ?? [];
  const expected = await boxTexts();
  expect(expected.length).toBeGreaterThan(200);
  expect(written.split(/;\s*/)).toEqual(expected);
});
