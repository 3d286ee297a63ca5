import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { misp } from '../../src/importers/feeds/misp.ts';
import { faultsOf, newDesk } from '../support/incidents.ts';
import { uuidOf } from '../support/stix.ts';

type Properties = Readonly<Record<string, unknown>>;

const event = (number: number, properties: Properties = {}): Properties => ({
  uuid: uuidOf(number),
  info: `Event ${number}`,
  date: '2024-02-09',
  timestamp: '1709280000',
  publish_timestamp: '0',
  published: false,
  threat_level_id: '3',
  analysis: '2',
  Orgc: { name: 'Grey CERT', uuid: uuidOf(900) },
  ...properties,
});
const attribute = (number: number, properties: Properties = {}): Properties => ({
  uuid: uuidOf(number),
  type: 'ip-dst',
  category: 'Network activity',
  value: '192.0.2.7',
  to_ids: true,
  timestamp: '1709280000',
  ...properties,
});
/** On 10 February 2024. */
const sighting = (number: number, properties: Properties = {}): Properties => ({
  id: String(number),
  uuid: uuidOf(number),
  type: '0',
  date_sighting: '1707559200',
  source: '',
  Organisation: { name: 'Blue Bank' },
  ...properties,
});
const tags = (...names: string[]): Properties => ({ Tag: names.map((name) => ({ name })) });
const cluster = (number: number, properties: Properties = {}): Properties => ({
  uuid: uuidOf(number),
  value: 'Red Fox',
  description: 'A group.',
  meta: { synonyms: ['RF; the fox', 'Red Fox'], country: ['XX'] },
  ...properties,
});
const galaxy = (type: string, ...clusters: Properties[]): Properties => ({
  Galaxy: [{ type, GalaxyCluster: clusters }],
});

async function mispDesk() {
  const desk = await newDesk();
  return {
    ...desk,
    share: async (document: unknown, options: Parameters<typeof desk.run>[2] = {}) =>
      desk.run(misp, [await desk.write(JSON.stringify(document), `${crypto.randomUUID()}.json`)], options),
    tables: async () => (await loadDataset(desk.into, 'data/desk')).tables,
  };
}

describe('an event', () => {
  const one = event(1);
  test.each([
    ['bare', one, 1],
    ['wrapped in Event', { Event: one }, 1],
    ['in response', { response: [{ Event: one }, { Event: event(2) }] }, 2],
    ['in a response of one', { response: { Event: one } }, 1],
    ['in a list', [one, { Event: event(2) }], 2],
  ])('%s', async (_, document, count) => {
    const desk = await mispDesk();
    expect(await desk.share(document)).toMatchObject({ notes: { counts: { new: count } }, firstDay: null });
    expect((await desk.tables()).sources).toHaveLength(count);
  });

  test('is one report, with its attributes and objects kept beside it', async () => {
    const desk = await mispDesk();
    await desk.share(
      event(1, {
        publish_timestamp: 1709366400,
        ...tags(
          'tlp:white',
          'admiralty-scale:source-reliability="b"',
          'admiralty-scale:information-credibility="2"',
        ),
        Attribute: [attribute(11), attribute(12, { value: 'gone', deleted: '1' })],
        Object: [
          { name: 'file', uuid: uuidOf(21), Attribute: [attribute(13, { value: 'inner' })] },
          { name: 'file', uuid: uuidOf(22), deleted: true, Attribute: [attribute(14)] },
        ],
      }),
    );
    expect((await desk.tables()).sources).toMatchObject([
      {
        id: 'MISP-event-00000001-0000-4000',
        name: 'Event 1',
        descriptor: 'Event by Grey CERT, shared in MISP',
        published: '2024-03-02',
        reliability: 'B',
        grade_note: 'information credibility 2',
        marking: 'TLP:CLEAR',
      },
    ]);
    const extra = await readFile(join(desk.into, 'incidents/0001/extra.jsonl'), 'utf8');
    expect(JSON.parse(extra)).toMatchObject({
      extra: {
        threat_level_id: '3',
        Attribute: [{ value: '192.0.2.7' }],
        Object: [{ uuid: uuidOf(21), Attribute: [{ value: 'inner' }] }],
      },
    });
    const { incidents } = await loadDataset(desk.into, 'data/desk');
    expect(incidents.imports[0]?.counts.skipped).toEqual({ 'is a deleted attribute': 2 });
  });

  test('its sightings are incidents; false ones and expired ones do not count', async () => {
    const desk = await mispDesk();
    await desk.share({
      Event: event(1, {
        ...galaxy('threat-actor', cluster(31)),
        ...tags('admiralty-scale:information-credibility="3"'),
        Attribute: [
          attribute(11, {
            Sighting: [
              sighting(41),
              sighting(42, {
                type: 1,
                date_sighting: 1707645600,
                Organisation: undefined,
                source: 'honeypot',
              }),
              sighting(43, { type: '2', uuid: undefined, date_sighting: '1707732000' }),
              sighting(44, { date_sighting: 'soon' }),
            ],
          }),
        ],
      }),
    });
    expect(
      await desk.rows(
        'id, start, precision, kind, sub_kind, counts, side_a, country, confidence, title, source',
      ),
    ).toEqual([
      {
        id: 'MISP-sighting-00000011-0000-4000-43',
        start: '2024-02-12',
        precision: 'day',
        kind: 'expiration',
        sub_kind: 'expiration of ip-dst',
        counts: false,
        side_a: ['Red Fox'],
        country: null,
        confidence: '3',
        title: 'Event 1',
        source: 'Blue Bank',
      },
      {
        id: 'MISP-sighting-00000041-0000-4000',
        start: '2024-02-10',
        precision: 'day',
        kind: 'sighting',
        sub_kind: 'sighting of ip-dst',
        counts: true,
        side_a: ['Red Fox'],
        country: null,
        confidence: '3',
        title: 'Event 1',
        source: 'Blue Bank',
      },
      {
        id: 'MISP-sighting-00000042-0000-4000',
        start: '2024-02-11',
        precision: 'day',
        kind: 'false positive',
        sub_kind: 'false positive of ip-dst',
        counts: false,
        side_a: ['Red Fox'],
        country: null,
        confidence: '3',
        title: 'Event 1',
        source: 'honeypot',
      },
    ]);
    const { incidents } = await loadDataset(desk.into, 'data/desk');
    expect(incidents.imports[0]?.counts.skipped).toEqual({ 'is a sighting without a day': 1 });
    const [first] = await desk.rows('extra', {});
    expect(JSON.parse(String(first?.['extra']))).toMatchObject({
      attribute: { value: '192.0.2.7' },
      event: { uuid: uuidOf(1) },
    });
  });

  test('clusters of actors and points are rows of their own', async () => {
    const desk = await mispDesk();
    const point = (relation: string, value: string) => attribute(50, { object_relation: relation, value });
    await desk.share([
      event(1, {
        ...galaxy('mitre-intrusion-set', cluster(31)),
        ...tags('tlp:red'),
        Object: [
          {
            name: 'geolocation',
            uuid: uuidOf(32),
            Attribute: [
              point('latitude', '49.1157'),
              point('longitude', '-1.0906'),
              point('city', 'Saint-Lo'),
              point('countrycode', 'fr'),
            ],
          },
          { name: 'geolocation', uuid: uuidOf(33), Attribute: [point('city', 'Nowhere')] },
        ],
      }),
      event(2, { Attribute: [attribute(12, galaxy('threat-actor', cluster(31)))], ...tags('tlp:green') }),
      event(3, { ...galaxy('tool', cluster(34, { value: 'PsExec' })) }),
    ]);
    const { actors, places } = await desk.tables();
    // An actor is as open as the most open event that names it.
    expect(actors).toMatchObject([
      {
        id: 'MISP-actor-00000031-0000-4000',
        name: 'Red Fox',
        aliases: ['RF, the fox'],
        marking: 'TLP:GREEN',
      },
    ]);
    expect(places).toMatchObject([
      { name: 'Saint-Lo', country: 'FR', lat: 49.1157, lon: -1.0906, marking: 'TLP:RED' },
    ]);
  });

  test('a later version revises it, deleting withdraws it with its sightings, and twice changes nothing', async () => {
    const desk = await mispDesk();
    const seen = { Attribute: [attribute(11, { Sighting: [sighting(41), sighting(42)] })] };
    await desk.share(event(1, seen));
    expect(await desk.share(event(1, seen), { knownOn: '2024-04-02' })).toMatchObject({ record: null });
    const fewer = {
      Attribute: [
        attribute(11, { Sighting: [sighting(41)] }),
        attribute(12, { deleted: true, Sighting: [sighting(42)] }),
      ],
    };
    const second = await desk.share(
      [event(1, { info: 'Newer', timestamp: '1709280001', ...fewer }), event(1, seen)],
      { knownOn: '2024-04-03' },
    );
    expect(second).toMatchObject({ notes: { counts: { revised: 1 } }, counts: { revised: 1, withdrawn: 1 } });
    const deleted = event(1, { timestamp: '1709280002', deleted: true, ...seen });
    const third = await desk.share(deleted, { knownOn: '2024-04-04' });
    expect(third).toMatchObject({ notes: { counts: { withdrawn: 1 } }, counts: { new: 0, withdrawn: 1 } });
    expect(await desk.rows()).toEqual([]);
    expect((await desk.tables()).sources.map(({ name, status }) => [name, status])).toEqual([
      ['Event 1', 'current'],
      ['Newer', 'current'],
      ['Newer', 'withdrawn'],
    ]);
  });
});

test('a sighting is as restricted as its event and its attribute; a strange TLP tag is taken for the strictest', async () => {
  const desk = await mispDesk();
  const marked = (number: number, ofEvent: string[], ofAttribute: string[]) =>
    event(number, {
      ...tags(...ofEvent),
      Attribute: [attribute(number + 10, { ...tags(...ofAttribute), Sighting: [sighting(number + 20)] })],
    });
  const { record } = await desk.share([
    marked(1, [], []),
    marked(2, ['tlp:white'], []),
    marked(3, ['TLP:GREEN'], ['tlp:amber']),
    marked(4, ['tlp:amber+strict'], ['tlp:clear']),
    marked(5, ['tlp:ex:chr'], []),
    marked(6, ['type:OSINT'], ['tlp:red']),
  ]);
  expect((await desk.rows('title, marking')).map(({ marking }) => marking)).toEqual([
    null,
    'TLP:CLEAR',
    'TLP:AMBER',
    'TLP:AMBER+STRICT',
    'TLP:RED',
    'TLP:RED',
  ]);
  expect(record?.counts.skipped).toEqual({
    'is a TLP tag that is no label of TLP: its rows are marked TLP:RED': 1,
  });
});

test.each([
  ['{"type": "bundle", "objects": []}', 'Use "sitrep import stix"'],
  ['{"response": []}', 'Export events'],
  ['[{"Event": {"info": "no uuid"}}]', 'Export events'],
  ['"text"', 'Export events'],
])('%s is refused', async (text, hint) => {
  const desk = await mispDesk();
  const [fault] = await faultsOf(desk.run(misp, [await desk.write(text, 'a.json')]));
  expect(fault?.problem).toBe('has no events of MISP.');
  expect(fault?.hint).toContain(hint);
});
