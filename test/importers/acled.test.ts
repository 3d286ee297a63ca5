import { expect, test } from 'vitest';
import { acled } from '../../src/importers/acled.ts';
import { acledEvent, csv, faultsOf, newDesk } from '../support/incidents.ts';

const json = (value: unknown): unknown => JSON.parse(String(value));

test('an event has its columns, and every other field is in extra', async () => {
  const desk = await newDesk();
  await desk.add(acled, [
    acledEvent({
      assoc_actor_1: 'Union: North; Students',
      assoc_actor_2: 'Police',
      civilian_targeting: 'Civilian targeting',
    }),
  ]);
  const [row] = await desk.rows();
  expect({ ...row, extra: json(row?.['extra']) }).toEqual({
    id: 'ACLED-FRA1',
    status: 'current',
    known_on: '2024-04-01',
    published_on: '2024-03-12',
    start: '2024-03-10',
    end: '2024-03-10',
    precision: 'day',
    kind: 'Battles',
    sub_kind: 'Armed clash',
    counts: true,
    side_a: ['Red Group'],
    side_b: ['Blue Group'],
    others: ['Union: North', 'Students', 'Police'],
    number: '1',
    country: 'FR',
    admin1: 'Normandy',
    admin2: 'Manche',
    place: 'Saint-Lo',
    lat: 49.1157,
    lon: -1.0906,
    place_precision: 'exact',
    civilians_targeted: true,
    deaths_low: null,
    deaths_best: '3',
    deaths_high: null,
    confidence: null,
    marking: null,
    title: null,
    summary: 'A clash.',
    source: 'Gazette',
    url: null,
    extra: {
      disorder_type: 'Political violence',
      inter1: '2',
      inter2: '1',
      interaction: '12',
      region: 'Europe',
      source_scale: 'National',
      timestamp: '1710201600',
    },
    import: '1',
  });
});

test.each([
  ['1', '2024-03-10', '2024-03-10', 'day'],
  ['2', '2024-03-07', '2024-03-13', 'week'],
  ['3', '2024-03-01', '2024-03-31', 'month'],
])('time precision %s gives the days %s to %s', async (code, start, end, precision) => {
  const desk = await newDesk();
  await desk.add(acled, [acledEvent({ time_precision: code })]);
  expect(await desk.rows('start, "end", precision')).toEqual([{ start, end, precision }]);
  const [row] = await desk.rows(`extra ->> 'event_date' AS given`);
  expect(row).toEqual({ given: code === '1' ? null : '2024-03-10' });
});

test.each(['2024-05-16', '16 May 2024', '16-May-2024'])('reads the date %s', async (date) => {
  const desk = await newDesk('desk', '2024-06-01');
  await desk.add(acled, [acledEvent({ event_date: date })]);
  expect(await desk.rows('start')).toEqual([{ start: '2024-05-16' }]);
});

test('strategic developments are not counted', async () => {
  const desk = await newDesk();
  await desk.add(acled, [acledEvent({ event_type: 'Strategic developments' })]);
  expect(await desk.rows('counts')).toEqual([{ counts: false }]);
});

test('reads a byte order mark, Windows line ends, a subset of columns, words for inter codes and no timestamp', async () => {
  const desk = await newDesk();
  const text = csv([acledEvent({ inter1: 'Rebel group', notes: 'One,\ntwo "three"' })], {
    columns: ['event_id_cnty', 'event_date', 'event_type', 'actor1', 'inter1', 'country', 'notes'],
  });
  await desk.run(acled, [await desk.write(`\uFEFF${text.replaceAll(/(?<!One,)\n/g, '\r\n')}`)]);
  expect(await desk.rows(`id, published_on, country, civilians_targeted, summary, extra`)).toEqual([
    {
      id: 'ACLED-FRA1',
      published_on: null,
      country: 'FR',
      civilians_targeted: null,
      summary: 'One,\ntwo "three"',
      extra: '{"inter1":"Rebel group"}',
    },
  ]);
});

test('weekly aggregates are refused with the reason', async () => {
  const desk = await newDesk();
  const [fault, ...others] = await faultsOf(
    desk.add(acled, [
      { WEEK: '2024-03-09', COUNTRY: 'France', EVENT_TYPE: 'Battles', EVENTS: '3', FATALITIES: '2' },
    ]),
  );
  expect(others).toEqual([]);
  expect(fault?.problem).toContain('weekly aggregates');
  expect(await desk.files()).toEqual([]);
});

test('an export by actor is refused, because it repeats events', async () => {
  const desk = await newDesk();
  const faults = await faultsOf(
    desk.add(acled, [acledEvent({}), acledEvent({ actor1: 'Blue Group', actor2: 'Red Group' })]),
  );
  expect(faults.map(({ row, problem }) => ({ row, problem }))).toEqual([
    {
      row: expect.any(Number),
      problem: expect.stringMatching(/^"ACLED-FRA1" is also the id of row [23], with other content\.$/),
    },
  ]);
});

test('rows that cannot be used are counted by reason, with their numbers', async () => {
  const desk = await newDesk();
  const report = await desk.add(acled, [
    acledEvent({ event_id_cnty: 'A1' }),
    acledEvent({ event_id_cnty: '' }),
    acledEvent({ event_id_cnty: 'A3', event_date: '2024-02-30' }),
    acledEvent({ event_id_cnty: 'A4', event_date: 'last week' }),
    acledEvent({ event_id_cnty: 'A1' }),
    acledEvent({
      event_id_cnty: 'A6',
      fatalities: 'many',
      latitude: '491157',
      country: 'Ruritania',
      iso: '',
    }),
  ]);
  expect(report.skipped).toEqual([
    { what: 'has an event_date that is no day', file: 'file-1.csv', count: 2, rows: [4, 5] },
    { what: 'has no event_id_cnty', file: 'file-1.csv', count: 1, rows: [3] },
    { what: 'repeats another row', file: 'file-1.csv', count: 1, rows: [6] },
  ]);
  expect(report.counts).toMatchObject({ read: 6, new: 2 });
  expect(report.unreadable).toEqual([
    { what: 'fatalities', file: 'file-1.csv', count: 1, rows: [7] },
    { what: 'latitude', file: 'file-1.csv', count: 1, rows: [7] },
  ]);
  expect(report.unknownCountries).toEqual([{ name: 'Ruritania', count: 1 }]);
  const [row] = await desk.rows(`deaths_best, lat, country, extra`);
  const given = (await desk.rows('extra')).map(({ extra }) => json(extra));
  expect(row).toBeDefined();
  expect(given).toContainEqual(
    expect.objectContaining({ fatalities: 'many', latitude: '491157', country: 'Ruritania' }),
  );
});

test('a row of a file that several threads read has its own number', async () => {
  const desk = await newDesk();
  const notes = 'It was reported. '.repeat(100);
  const rows = Array.from({ length: 15_000 }, (_, index) =>
    acledEvent({ event_id_cnty: `N${index}`, notes, ...(index % 4_999 === 4_998 && { event_date: 'soon' }) }),
  );
  const { skipped } = await desk.add(acled, rows);
  expect(skipped.map((group) => group.rows)).toEqual([[5000, 9999, 14_998]]);
}, 60_000);
