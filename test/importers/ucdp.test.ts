import { expect, test } from 'vitest';
import { ucdp } from '../../src/importers/ucdp.ts';
import { csv, faultsOf, newDesk, ucdpEvent } from '../support/incidents.ts';

test('an event has its columns, and every other field is in extra', async () => {
  const desk = await newDesk();
  await desk.add(ucdp, [ucdpEvent({})]);
  const [row] = await desk.rows();
  expect(row).toMatchObject({
    id: 'UCDP-1001',
    published_on: null,
    start: '2024-03-10',
    end: '2024-03-10',
    precision: 'day',
    kind: 'State-based conflict',
    counts: true,
    side_a: ['Government of France'],
    side_b: ['Red Group'],
    country: 'FR',
    admin1: 'Normandy',
    place: 'Saint-Lo town',
    lat: 49.1157,
    place_precision: 'exact',
    civilians_targeted: null,
    deaths_low: '2',
    deaths_best: '3',
    deaths_high: '4',
    confidence: 'Clear',
    summary: 'Clash in Saint-Lo',
    source: 'Gazette',
  });
  const used = `id year code_status type_of_violence side_a side_b source_office source_headline where_prec
    where_coordinates adm_1 adm_2 latitude longitude country date_prec date_start date_end best high low`.split(
    /\s+/,
  );
  const given = Object.entries(ucdpEvent({})).filter(([name, value]) => value !== '' && !used.includes(name));
  expect(given.length).toBeGreaterThan(20);
  expect(JSON.parse(String(row?.['extra']))).toEqual(Object.fromEntries(given));
});

test.each([
  ['1', '2024-03-10', '2024-03-10', 'day'],
  ['1', '2024-03-10', '2024-03-12', 'range'],
  ['2', '2024-03-10', '2024-03-14', 'range'],
  ['3', '2024-03-10', '2024-03-16', 'week'],
  ['4', '2024-03-01', '2024-03-31', 'month'],
  ['5', '2024-01-01', '2024-12-31', 'year'],
])('date_prec %s from %s to %s is %s', async (code, start, end, precision) => {
  const desk = await newDesk();
  await desk.add(ucdp, [
    ucdpEvent({ date_prec: code, date_start: `${start} 00:00:00.000`, date_end: `${end} 00:00:00.000` }),
  ]);
  expect(await desk.rows('start, "end", precision')).toEqual([{ start, end, precision }]);
});

test('summaries of several events are not counted', async () => {
  const desk = await newDesk();
  await desk.add(ucdp, [ucdpEvent({ event_clarity: '2' })]);
  expect(await desk.rows('counts')).toEqual([{ counts: false }]);
});

test('one-sided violence targets civilians', async () => {
  const desk = await newDesk();
  await desk.add(ucdp, [ucdpEvent({ type_of_violence: '3', side_b: 'Civilians' })]);
  expect(await desk.rows('kind, civilians_targeted')).toEqual([
    { kind: 'One-sided violence', civilians_targeted: true },
  ]);
});

test.each([
  ['Yemen (North Yemen)', 'YE'],
  ['Russia (Soviet Union)', 'RU'],
  ['DR Congo (Zaire)', 'CD'],
  ['Bosnia-Herzegovina', 'BA'],
  ['Syria', 'SY'],
])('the country %s is %s', async (name, code) => {
  const desk = await newDesk();
  await desk.add(ucdp, [ucdpEvent({ country: name })]);
  expect(await desk.rows('country')).toEqual([{ country: code }]);
});

test('a candidate release without a header row has the columns of the release', async () => {
  const desk = await newDesk();
  const rows = [ucdpEvent({}), ucdpEvent({ id: '1002' })];
  await desk.run(ucdp, [await desk.write(csv(rows, { header: false }))]);
  expect(await desk.rows('id, deaths_best')).toEqual([
    { id: 'UCDP-1001', deaths_best: '3' },
    { id: 'UCDP-1002', deaths_best: '3' },
  ]);
});

test('an older release with fewer columns and other names is read', async () => {
  const desk = await newDesk();
  const { best, high, low, code_status: _, ...older } = ucdpEvent({});
  await desk.add(ucdp, [{ ...older, best_est: best, high_est: high, low_est: low }]);
  expect(await desk.rows('deaths_low, deaths_best, deaths_high, confidence')).toEqual([
    { deaths_low: '2', deaths_best: '3', deaths_high: '4', confidence: null },
  ]);
});

test('another table is refused', async () => {
  const desk = await newDesk();
  const [fault] = await faultsOf(desk.add(ucdp, [{ id: '1', date: '2024-01-01' }]));
  expect(fault?.problem).toContain('is not a UCDP GED file');
  expect(await desk.files()).toEqual([]);
});
