import { afterAll, beforeAll, expect, test } from 'vitest';
import { worldSource } from '../../src/dataset/world-source.ts';
import type { Printer } from '../../src/pdf/browser/print.ts';
import { incidentProject } from '../support/incident-project.ts';
import { readPage } from '../support/page.ts';
import { readPdf } from '../support/pdf.ts';
import { openWarmPrinter } from '../support/printer.ts';

let printer: Printer;
beforeAll(async () => {
  printer = await openWarmPrinter();
});
afterAll(() => printer[Symbol.asyncDispose]());

const files = {
  'brief.yaml': `title: Test
subject: A test
dataset: incidents
schedule: { cron: '0 6 * * MON', timezone: UTC }
period: P7D
marking: TLP:CLEAR
evidence:
  period: { rows: incidents_of_period }
charts:
  map:
    spec: charts/incident-map.vl.json
    data: { frame: map_frame, world: world, points: map_points }
    rows: map_points
    title: Where the incidents were
    alt: A map with a circle for each group of incidents.
limits: { pages: 8, megabytes: 3, seconds: 60 }
golden:
  - { asOf: '2022-01-09' }
`,
  'brief.hbs': `{{#> page}}
{{> map}}
<h2>Incidents</h2>
{{> incidents}}
{{/page}}
`,
};
const long =
  'It is likely that forces of one side shelled positions of the other, as the source says. '.repeat(3);
const rows = (
  count: number,
  place: string,
  deaths: string,
) => `SELECT 'T-' || i AS id, DATE '2022-01-03' + (i % 7)::INTEGER AS start,
  'Attack' AS kind, ['F' || i % 3] AS side_a, 'Town ' || i AS place, 'Incident number ' || i || '. ${long}' AS summary,
  ${deaths} AS deaths_best, ${place} FROM range(${count}) AS t(i)`;

/** The strict profile: no rule for wording of our own applies to what is quoted. */
const make = async (count: number, place: string, deaths = 'i % 9') =>
  (
    await incidentProject({
      imports: [{ knownOn: '2022-01-09', rows: rows(count, place, deaths) }],
      files,
      printer,
    })
  ).make();

test('a table of incidents runs over pages with its head on each, without splitting a row', async () => {
  const { pdf, html } = await make(
    60,
    `'YE' AS country, 15.0 + i % 5 AS lat, 44.0 + i % 7 AS lon, 'exact' AS place_precision`,
  );
  const { pages } = await readPdf(pdf);
  const headed = pages.filter((text) => text.includes('What, and between which sides'));
  expect(headed.length).toBeGreaterThan(1);
  expect(readPage(html).text).toContain('All 60 incidents of the period; the table leaves out 35');
  const listed = [...html.matchAll(/Incident number (\d+)\./g)].map(([, number]) => number);
  expect(listed).toHaveLength(25);
  // The first words of a row and its figure for deaths, at the end, are on the same page.
  for (const number of listed) {
    const [page = ''] = pages.filter((text) => text.includes(`Incident number ${number}.`));
    expect(page).toMatch(new RegExp(`Incident number ${number}\\.[^]*?…”\\s*\\d`));
  }
});

test('without deaths the table has ten incidents, and the most frequent kinds of all are below it', async () => {
  const { html } = await make(
    30,
    `CASE WHEN i % 3 = 0 THEN 'Riot' ELSE 'Peaceful protest' END AS sub_kind`,
    '0',
  );
  const { text } = readPage(html);
  expect([...html.matchAll(/Incident number (\d+)\./g)]).toHaveLength(10);
  expect(text).toContain('All 30 incidents of the period; the table leaves out 20');
  expect(text).toContain('The most frequent kinds: Peaceful protest 20, Riot 10.');
});

test.each([
  ['one country, around all of it', `'YE' AS country, 15.0 + i % 5 AS lat, 44.0 + i % 7 AS lon`],
  [
    'two countries, around the points',
    `['ML', 'NE'][1 + i % 2] AS country, 15.0 + i % 2 AS lat, 1.0 + i % 7 AS lon`,
  ],
  ['a single point', `'CO' AS country, 4.6 AS lat, -74.1 AS lon`],
  [
    'far apart',
    `['NO', 'AU', 'BR'][1 + i % 3] AS country, [60.5, -30.0, -10.0][1 + i % 3] AS lat, [9.0, 140.0, -50.0][1 + i % 3] AS lon`,
  ],
])('a map draws %s', async (_, place) => {
  const { html, charts, manifest } = await make(
    30,
    `${place}, CASE WHEN i % 4 = 0 THEN 'admin1' ELSE 'exact' END AS place_precision`,
  );
  const { map } = charts;
  const points = map?.rows ?? [];
  expect(points.length).toBeGreaterThan(0);
  expect(points.reduce((sum, { incidents }) => sum + Number(incidents), 0)).toBe(30);
  expect(new Set(points.map(({ precise }) => precise))).toEqual(new Set([true, false]));
  expect(map?.svg).toContain('stroke-dasharray');
  expect(manifest.parts).toContainEqual({ kind: 'outlines', ...worldSource });
  expect(readPage(html).text).toContain('boundaries are not authoritative');
});

test('incidents without a point are counted, and without any the map is left out', async () => {
  const some = await make(
    30,
    `'YE' AS country, CASE WHEN i > 4 THEN 15.0 END AS lat, CASE WHEN i > 4 THEN 44.0 END AS lon`,
  );
  expect(readPage(some.html).text).toContain('5 incidents without a point are not drawn.');
  const none = await make(3, `'YE' AS country`);
  expect(none.charts).toEqual({});
  expect(none.manifest.parts.filter(({ kind }) => kind === 'outlines')).toEqual([]);
  expect(readPage(none.html).text).toContain('All 3 incidents of the period');
});
