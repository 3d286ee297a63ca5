import { expect, test } from 'vitest';
import { coverageOfImports } from '../../src/dataset/incidents.ts';
import { acled } from '../../src/importers/acled.ts';
import { tableImporter } from '../../src/importers/table/importer.ts';
import { parseMapping } from '../../src/importers/table/mapping.ts';
import { ucdp } from '../../src/importers/ucdp.ts';
import { acledEvent, newDesk, ucdpEvent } from '../support/incidents.ts';
import { stixDesk, stixObject } from '../support/stix.ts';

const reason = 'begins after 2024-04-01, the day of the import';

test.each([
  ['in the distant future', '2062-03-10'],
  ['of the day after the import', '2024-04-02'],
])('a row %s is skipped by its number, and the coverage ends with the last real row', async (_, day) => {
  const desk = await newDesk();
  const { record, skipped, lastDay } = await desk.add(acled, [
    acledEvent({ event_id_cnty: 'A' }),
    acledEvent({ event_id_cnty: 'B', event_date: day }),
    acledEvent({ event_id_cnty: 'C', event_date: '2024-03-12' }),
  ]);
  expect(skipped).toEqual([{ what: reason, file: 'file-1.csv', count: 1, rows: [3] }]);
  expect(record).toMatchObject({ counts: { read: 3, new: 2, skipped: { [reason]: 1 } } });
  expect(lastDay).toBe('2024-03-12');
  expect(coverageOfImports(record === null ? [] : [record])).toContainEqual({
    country: 'FR',
    start: '2024-03-10',
    end: '2024-03-12',
  });
});

test('a row of the day of the import is imported', async () => {
  const desk = await newDesk();
  const { counts } = await desk.add(acled, [acledEvent({ event_date: '2024-04-01' })]);
  expect(counts).toMatchObject({ new: 1, skipped: {} });
});

test('rows dated to a month cover no day after the import', async () => {
  const desk = await newDesk();
  const { record } = await desk.add(acled, [
    acledEvent({ event_date: '2024-04-01', time_precision: '3', timestamp: '' }),
  ]);
  expect(record).toMatchObject({ first_day: '2024-04-01', last_day: '2024-04-01' });
});

test('every format skips them; a document has no row numbers', async () => {
  const desk = await newDesk();
  const event = { date_start: '2024-05-01', date_end: '2024-05-01' };
  const { counts } = await desk.add(ucdp, [ucdpEvent({}), ucdpEvent({ ...event, id: '2' })]);
  expect(counts.skipped).toEqual({ [reason]: 1 });

  const log = `source: Log
prefix: LOG
licence: { name: own, attribution: Our desk, allows_rows: true }
columns: { id: Ref, start: { field: Date, format: '%d/%m/%Y' } }
`;
  const { mapping, sha256 } = parseMapping(log, 'log.yaml');
  const table = tableImporter(mapping, { file: 'log.yaml', sha256 });
  const rows = [
    { Ref: '1', Date: '07/11/2062' },
    { Ref: '2', Date: '07/11/2023' },
  ];
  const own = await newDesk();
  expect((await own.add(table, rows)).skipped).toEqual([
    { what: reason, file: 'file-1.csv', count: 1, rows: [2] },
  ]);

  const { share } = await stixDesk();
  const attack = (number: number, day: string) =>
    stixObject('incident', number, { name: 'Outage', first_seen: `${day}T00:00:00Z` });
  const report = await share([attack(1, '2024-03-01'), attack(2, '2042-03-01')]);
  expect(report.skipped).toMatchObject([{ what: reason, count: 1, rows: [] }]);
});
