import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { misp } from '../../src/importers/feeds/misp.ts';
import type { Printer } from '../../src/pdf/browser/print.ts';
import { resolveEdition } from '../../src/production/fan-out.ts';
import { produce } from '../../src/production/produce.ts';
import { type Scaffold, scaffoldOf } from '../../src/project/scaffold.ts';
import { openProject } from '../../src/wiring/project.ts';
import { rendering } from '../support/effects.ts';
import { newDesk } from '../support/incidents.ts';
import { readPage } from '../support/page.ts';
import { openWarmPrinter } from '../support/printer.ts';
import { link, stixDesk, stixId, stixObject, uuidOf } from '../support/stix.ts';

const root = join(import.meta.dirname, '../..');
let printer: Printer;
beforeAll(async () => {
  printer = await openWarmPrinter();
});
afterAll(() => printer[Symbol.asyncDispose]());

/** An edition of the brief that `sitrep new` writes for the dataset of a desk. */
async function edition(folder: string, from: Scaffold) {
  const values = {
    NAME: from,
    TITLE: 'Threats',
    DATASET: 'desk',
    AS_OF: '2024-04-01',
    PERIOD: 'P7D',
    LAG: 0,
  };
  const schema = join(root, 'templates/brief.schema.json');
  await scaffoldOf(folder, { sitrep: root, schema }).write(from, values, from);
  const project = openProject(folder, { sitrep: root });
  const brief = await project.loadBrief(from);
  const request = resolveEdition({ brief, dataset: await project.loadDataset('desk'), asOf: '2024-04-01' });
  const effects = {
    ...rendering,
    startPrinting: () => {},
    print: printer.print,
    browser: () => Promise.resolve(printer.browser),
  };
  const { html, rules } = await produce(request, effects, await project.loadMaterial());
  return { text: readPage(html).text, warnings: rules.warnings };
}

const red = { object_marking_refs: ['marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1'] };
const reporter = stixObject('identity', 14, { name: 'Grey CERT', identity_class: 'organization' });
const by = { created_by_ref: reporter['id'] };
const on = { object_refs: [stixId('intrusion-set', 11)] };
const incidents = Array.from({ length: 40 }, (_, index) => {
  const day = new Date(Date.UTC(2024, 3, 1 - index)).toISOString();
  const number = 100 + index;
  return [
    stixObject('incident', number, {
      name: `Theft ${index}`,
      first_seen: day,
      ...by,
      ...(index === 0 && red),
    }),
    link(200 + index, stixId('incident', number), 'attributed-to', stixId('intrusion-set', 11)),
    link(300 + index, stixId('incident', number), 'located-at', stixId('location', 13)),
  ];
}).flat();
const bundle = [
  ...incidents,
  reporter,
  stixObject('intrusion-set', 11, { name: 'Red Fox' }),
  stixObject('location', 13, { name: 'Saint-Lo', country: 'FR', latitude: 49.1, longitude: -1.1 }),
  stixObject('report', 2, { name: 'On Red Fox.', published: '2024-03-05T00:00:00Z', ...by, ...on }),
  stixObject('note', 3, { abstract: 'It is likely that they are two.', content: 'At length.', ...by, ...on }),
  stixObject('report', 4, {
    name: 'Secret of Red Fox',
    published: '2024-03-05T00:00:00Z',
    ...by,
    ...on,
    ...red,
  }),
  stixObject('note', 5, { abstract: 'A secret judgment.', content: 'At length.', ...by, ...on, ...red }),
];

test('briefs on a STIX bundle pass their gates, without what is marked above them', async () => {
  const desk = await stixDesk();
  await desk.share(bundle);
  const watch = await edition(desk.folder, 'activity-watch');
  expect(watch.text).toContain('Red Fox');
  expect(watch.text).toContain('Theft 1');
  expect(watch.text).not.toContain('Theft 0');
  const reports = await edition(desk.folder, 'reports');
  expect(reports.text).toContain('5 Mar 2024');
  expect(reports.text).toContain('On Red Fox. Report by Grey CERT, shared in STIX.');
  expect(reports.text).toContain('It is likely that they are two.');
  expect(reports.text).toContain('Theft 1');
  expect(reports.text).not.toMatch(/[Ss]ecret|Theft 0|We have no reporting/);
  expect([watch.warnings, reports.warnings]).toEqual([[], []]);
}, 120_000);

test('briefs on MISP events pass their gates, also where nobody is named and there are many', async () => {
  const desk = await newDesk();
  const events = Array.from({ length: 30 }, (_, index) => ({
    uuid: uuidOf(index + 1),
    info: `Campaign ${index}`,
    date: '2024-03-20',
    timestamp: '1711000000',
    Attribute: [
      {
        uuid: uuidOf(100 + index),
        type: 'url',
        value: 'http://evil.example',
        Sighting: [{ uuid: uuidOf(200 + index), type: '0', date_sighting: '1711700000' }],
      },
    ],
  }));
  await desk.run(misp, [await desk.write(JSON.stringify({ response: events }), 'events.json')]);
  const watch = await edition(desk.folder, 'activity-watch');
  expect(watch.text).toContain('No incident names an actor');
  expect(watch.text).not.toContain('We have no reporting');
  const reports = await edition(desk.folder, 'reports');
  expect(reports.text).toContain('Campaign 0. Event, shared in MISP.');
  expect(reports.text).toContain('More came in during this period.');
  expect(`${watch.text} ${reports.text}`).not.toContain('http://evil.example');
  expect([watch.warnings, reports.warnings]).toEqual([[], []]);
}, 120_000);
