import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { coverageOfImports, importRecord, reportedBy } from '../../src/dataset/incidents.ts';
import { readIncidentStore } from '../../src/dataset/reading/incident-store.ts';
import type { Marking } from '../../src/dataset/fields.ts';
import { knownBy, tablesWithin } from '../../src/dataset/point-in-time.ts';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { AppError } from '../../src/errors.ts';
import { stix } from '../../src/importers/feeds/stix.ts';
import { acled } from '../../src/importers/acled.ts';
import { acledEvent, faultsOf } from '../support/incidents.ts';
import { bundleOf, link, stixDesk, stixId, stixObject } from '../support/stix.ts';

const incident = (number: number, properties: Readonly<Record<string, unknown>> = {}) =>
  stixObject('incident', number, {
    name: `Incident ${number}`,
    first_seen: '2024-02-10T22:00:00Z',
    last_seen: '2024-02-10T23:00:00Z',
    ...properties,
  });
const actor = stixObject('intrusion-set', 11, { name: 'Red Fox', aliases: ['Red Fox', 'RF; the fox'] });
const victim = stixObject('identity', 12, { name: 'Blue Bank', identity_class: 'organization' });
const town = stixObject('location', 13, {
  name: 'Saint-Lo',
  country: 'FR',
  administrative_area: 'Normandy',
  city: 'Saint-Lo',
  latitude: 49.1157,
  longitude: -1.0906,
  precision: 800,
});
const creator = stixObject('identity', 14, { name: 'Grey CERT', identity_class: 'organization' });
const tlp = (uuid: string) => ({ object_marking_refs: [`marking-definition--${uuid}`] });

describe('incidents', () => {
  test('an incident has the names, the place and the marking of what it refers to', async () => {
    const desk = await stixDesk();
    const description = 'Mail from http://evil.example/a and 192.0.2.7.';
    const report = await desk.share([
      incident(1, {
        description,
        confidence: 70,
        created_by_ref: creator['id'],
        labels: ['phishing'],
        x_desk_score: 3,
        extensions: {
          [stixId('extension-definition', 90)]: {
            extension_type: 'property-extension',
            incident_types: ['denial-of-service'],
          },
        },
      }),
      actor,
      victim,
      town,
      creator,
      stixObject('malware', 15, { name: 'Foxtrot', is_family: true }),
      stixObject('campaign', 16, { name: 'Winter' }),
      link(21, stixId('incident', 1), 'attributed-to', stixId('campaign', 16)),
      link(22, stixId('campaign', 16), 'attributed-to', stixId('intrusion-set', 11)),
      link(23, stixId('incident', 1), 'targets', stixId('identity', 12)),
      link(24, stixId('incident', 1), 'located-at', stixId('location', 13)),
      link(25, stixId('incident', 1), 'uses', stixId('malware', 15)),
    ]);
    expect(report).toMatchObject({
      counts: { read: 3, new: 1, skipped: {} },
      notes: { counts: { new: 2 }, tables: { actors: 1, places: 1 } },
    });
    const [row] = await desk.rows();
    expect(row).toMatchObject({
      id: 'STIX-incident-00000001-0000-4000',
      start: '2024-02-10',
      end: '2024-02-10',
      precision: 'day',
      published_on: '2024-03-01',
      kind: 'incident',
      sub_kind: 'denial-of-service',
      counts: true,
      side_a: ['Winter', 'Red Fox'],
      side_b: ['Blue Bank'],
      others: ['Foxtrot'],
      number: '1',
      country: 'FR',
      admin1: 'Normandy',
      place: 'Saint-Lo',
      lat: 49.1157,
      lon: -1.0906,
      place_precision: 'exact',
      confidence: '70',
      marking: null,
      title: 'Incident 1',
      summary: 'Mail from hxxp://evil.example/a and 192.0.2[.]7.',
      source: 'Grey CERT',
      url: null,
    });
    const extra: unknown = JSON.parse(String(row?.['extra']));
    expect(extra).toMatchObject({
      id: stixId('incident', 1),
      description,
      x_desk_score: 3,
      labels: ['phishing'],
    });
    expect((await desk.tables()).places).toMatchObject([
      {
        id: 'STIX-location-00000013-0000-4000',
        name: 'Saint-Lo',
        country: 'FR',
        lat: 49.1157,
        radius_km: 0.8,
      },
    ]);
    expect((await desk.tables()).actors).toMatchObject([{ name: 'Red Fox', aliases: ['RF, the fox'] }]);
  });

  test('days are in UTC, and those of an extension count; without any, the incident is dated by its object', async () => {
    const desk = await stixDesk();
    const dated = (properties: Readonly<Record<string, unknown>>) => ({
      first_seen: undefined,
      last_seen: undefined,
      ...properties,
    });
    await desk.share([
      incident(1, { first_seen: '2024-02-10T23:30:00-02:00', last_seen: '2024-02-12T00:00:00Z' }),
      incident(
        2,
        dated({
          extensions: {
            [stixId('extension-definition', 9)]: {
              extension_type: 'property-extension',
              start_time: '2024-02-20T01:00:00Z',
            },
          },
        }),
      ),
      incident(3, dated({ x_desk_first_seen: '2024-02-21T01:00:00Z' })),
      incident(4, dated({})),
      incident(5, dated({ created: 'soon', modified: 'later' })),
    ]);
    expect(await desk.rows('start, "end", precision, extra ->> \'$.dated_by\' AS by')).toEqual([
      { start: '2024-02-11', end: '2024-02-12', precision: 'range', by: null },
      { start: '2024-02-20', end: '2024-02-20', precision: 'day', by: null },
      { start: '2024-02-21', end: '2024-02-21', precision: 'day', by: null },
      { start: '2024-03-01', end: '2024-03-01', precision: 'range', by: 'created' },
    ]);
    const { incidents } = await loadDataset(desk.into, 'data/desk');
    expect(incidents.imports[0]?.counts.skipped).toEqual({ 'is an incident without a day': 1 });
  });

  test.each([
    [[{ country: 'FR' }], { country: 'FR', place: null, place_precision: 'country' }],
    [[{ country: 'FR', administrative_area: 'FR-50' }], { admin1: 'FR-50', place_precision: 'admin1' }],
    [[{ region: 'northern-europe' }], { country: null, place: 'northern-europe', place_precision: 'region' }],
    [[{ country: 'FR', latitude: 49, longitude: 1 }], { lat: 49, lon: 1, place_precision: null }],
    [[{ country: 'FR', latitude: 4911, longitude: 1 }], { lat: null, lon: null, place_precision: 'country' }],
    [
      [
        { country: 'FR', city: 'Lyon' },
        { country: 'FR', city: 'Lille' },
      ],
      { country: 'FR', place: null },
    ],
    [[{ country: 'FR' }, { country: 'ES' }], { country: null, place_precision: null }],
    [[{ country: 'Ruritania' }], { country: null }],
  ])('locations %j', async (locations, expected) => {
    const desk = await stixDesk();
    const objects = locations.map((location, index) => stixObject('location', 30 + index, location));
    const links = objects.map((_, index) =>
      link(40 + index, stixId('incident', 1), 'located-at', stixId('location', 30 + index)),
    );
    await desk.share([incident(1), ...objects, ...links]);
    expect(await desk.rows()).toMatchObject([expected]);
  });

  test('a sighting has its count, what was seen and where', async () => {
    const desk = await stixDesk();
    const sighting = (number: number, properties: Readonly<Record<string, unknown>>) =>
      stixObject('sighting', number, properties);
    await desk.share([
      sighting(1, {
        sighting_of_ref: stixId('intrusion-set', 11),
        first_seen: '2024-02-01T00:00:00Z',
        last_seen: '2024-02-03T00:00:00Z',
        count: 7,
        where_sighted_refs: [stixId('identity', 12)],
      }),
      sighting(2, {
        sighting_of_ref: stixId('indicator', 17),
        count: 0,
        where_sighted_refs: [stixId('location', 13)],
        observed_data_refs: [stixId('observed-data', 18)],
      }),
      sighting(3, { sighting_of_ref: stixId('malware', 99), first_seen: '2024-02-09T00:00:00Z' }),
      actor,
      victim,
      town,
      stixObject('indicator', 17, {
        name: 'http://evil.example',
        pattern: "[url:value = 'http://evil.example']",
        pattern_type: 'stix',
        valid_from: '2024-02-01T00:00:00Z',
      }),
      stixObject('malware', 15, { name: 'Foxtrot', is_family: true }),
      stixObject('observed-data', 18, {
        first_observed: '2024-02-04T00:00:00Z',
        last_observed: '2024-02-04T02:00:00Z',
        number_observed: 1,
      }),
      link(21, stixId('indicator', 17), 'indicates', stixId('malware', 15)),
      link(22, stixId('identity', 12), 'located-at', stixId('location', 13)),
    ]);
    expect(
      await desk.rows('start, "end", "precision", number, counts, side_a, others, country, sub_kind, title'),
    ).toEqual([
      {
        start: '2024-02-01',
        end: '2024-02-03',
        precision: 'range',
        number: '7',
        counts: true,
        side_a: ['Red Fox'],
        others: ['Blue Bank'],
        country: 'FR',
        sub_kind: 'sighting of an intrusion set',
        title: 'Red Fox',
      },
      {
        start: '2024-02-04',
        end: '2024-02-04',
        precision: 'day',
        number: '0',
        counts: false,
        side_a: [],
        others: ['Foxtrot'],
        country: 'FR',
        sub_kind: 'sighting of an indicator',
        title: 'hxxp://evil.example',
      },
      {
        start: '2024-02-09',
        end: '2024-02-09',
        precision: 'day',
        number: '1',
        counts: true,
        side_a: [],
        others: [],
        country: null,
        sub_kind: null,
        title: null,
      },
    ]);
    const { incidents } = await loadDataset(desk.into, 'data/desk');
    expect(incidents.imports[0]?.counts.skipped).toEqual({
      'is a reference to an object that the files lack': 1,
    });
  });

  test('STIX 2.0, where objects have no spec_version', async () => {
    const desk = await stixDesk();
    const old = (type: string, number: number, properties: Readonly<Record<string, unknown>>) =>
      stixObject(type, number, { spec_version: undefined, ...properties });
    await desk.share([
      old('threat-actor', 1, { name: 'Grey Owl', labels: ['spy'] }),
      old('report', 2, {
        name: 'On Grey Owl',
        labels: ['threat-report'],
        published: '2024-02-28T00:00:00Z',
        object_refs: [stixId('threat-actor', 1)],
      }),
      old('sighting', 3, { sighting_of_ref: stixId('threat-actor', 1), first_seen: '2024-02-20T00:00:00Z' }),
    ]);
    expect(await desk.rows('start, side_a')).toEqual([{ start: '2024-02-20', side_a: ['Grey Owl'] }]);
    expect((await desk.tables()).sources).toMatchObject([{ name: 'On Grey Owl', published: '2024-02-28' }]);
  });
});

describe('notes', () => {
  test('a threat report makes notes only, and covers no day', async () => {
    const desk = await stixDesk();
    const report = stixObject('report', 2, {
      name: 'On Red Fox',
      created_by_ref: creator['id'],
      published: '2024-02-28T12:00:00Z',
      object_refs: [actor['id']],
    });
    const indicator = stixObject('indicator', 5, {
      name: 'x',
      pattern: "[file:name = 'x']",
      pattern_type: 'stix',
      valid_from: '2024-02-01T00:00:00Z',
    });
    const { record, ...shown } = await desk.share([
      report,
      creator,
      actor,
      indicator,
      link(6, stixId('indicator', 5), 'indicates', stixId('intrusion-set', 11)),
    ]);
    expect(shown).toMatchObject({
      firstDay: null,
      lastDay: null,
      notes: { tables: { actors: 1, sources: 1 } },
    });
    expect(record?.counts.skipped).toEqual({ 'is an indicator: there is no table for it': 1 });
    const store = await readIncidentStore(desk.into, desk.into);
    expect([coverageOfImports(store.imports), reportedBy(store)]).toEqual([[], null]);
    expect(await desk.rows()).toEqual([]);
    expect((await desk.tables()).sources).toMatchObject([
      {
        id: 'STIX-report-00000002-0000-4000',
        known_on: '2024-04-01',
        name: 'On Red Fox',
        descriptor: 'Report by Grey CERT, shared in STIX',
        published: '2024-02-28',
      },
    ]);
    // What has no column is kept beside the rows.
    const extra = await readFile(join(desk.into, 'incidents/0001/extra.jsonl'), 'utf8');
    expect(extra).toContain(`"object_refs":["${stixId('intrusion-set', 11)}"]`);
    expect(extra).toContain('"relationships":["indicator x indicates this"]');
  });

  test('an opinion and the abstract of a note are judgments of their authors', async () => {
    const desk = await stixDesk();
    const subject = stixObject('intrusion-set', 11, { name: 'Red Fox' });
    await desk.share([
      subject,
      creator,
      stixObject('opinion', 1, {
        opinion: 'strongly-disagree',
        explanation: 'The "code" is {F01.value} public.',
        authors: ['A. Doe'],
        object_refs: [subject['id']],
      }),
      stixObject('note', 2, {
        abstract: 'The group is two groups.',
        content: 'At length.',
        created_by_ref: creator['id'],
        object_refs: [subject['id']],
      }),
      stixObject('note', 3, { content: 'No abstract.', object_refs: [subject['id']] }),
      stixObject('opinion', 4, { opinion: 'maybe', object_refs: [subject['id']] }),
    ]);
    const { sources, judgments } = await desk.tables();
    expect(sources.map(({ name }) => name)).toEqual([
      'Opinion by A. Doe on “Red Fox”',
      'Note by Grey CERT on “Red Fox”',
      'Note on “Red Fox”',
      'Opinion on “Red Fox”',
    ]);
    expect(judgments).toMatchObject([
      {
        id: 'STIX-opinion-00000001-0000-4000-judgment',
        author: 'STIX-opinion-00000001-0000-4000',
        text: 'A. Doe strongly disagrees with “Red Fox”: “The ‘code’ is (F01.value) public.”',
        confidence: null,
        likelihood: null,
        topic: 'general',
      },
      { author: 'STIX-note-00000002-0000-4000', text: '“The group is two groups.”' },
    ]);
  });

  test('revised, withdrawn and unchanged notes; what was known before stays', async () => {
    const desk = await stixDesk();
    const note = { object_refs: [actor['id']], content: 'x', abstract: 'It is one group.' };
    await desk.share([actor, stixObject('note', 2, note)]);
    const before = await desk.files();
    expect(await desk.share([actor, stixObject('note', 2, note)], { knownOn: '2024-04-02' })).toMatchObject({
      record: null,
      notes: { counts: { new: 0, unchanged: 3 } },
    });
    expect(await desk.files()).toEqual(before);
    const later = { modified: '2024-04-02T00:00:00.000Z' };
    const second = await desk.share(
      [
        { ...actor, name: 'Redder Fox', ...later },
        stixObject('note', 2, { ...note, revoked: true, ...later }),
        stixObject('report', 9, { name: 'Never had', revoked: true }),
      ],
      { knownOn: '2024-04-03' },
    );
    expect(second.notes?.counts).toEqual({ new: 0, revised: 1, unchanged: 0, withdrawn: 2 });
    const { actors, sources, judgments } = await desk.tables();
    expect(actors.map(({ name, known_on: on }) => [name, on])).toEqual([
      ['Red Fox', '2024-04-01'],
      ['Redder Fox', '2024-04-03'],
    ]);
    expect([...sources, ...judgments].map(({ id, status }) => [id.slice(0, 9), status])).toEqual([
      ['STIX-note', 'current'],
      ['STIX-note', 'withdrawn'],
      ['STIX-note', 'current'],
      ['STIX-note', 'withdrawn'],
    ]);
    const older = await desk.share([actor], { knownOn: '2024-04-04' });
    expect(older).toMatchObject({
      record: null,
      counts: { skipped: { 'is older than the row in the dataset': 1 } },
    });
  });

  test('a note without its abstract withdraws the judgment, and one that comes and goes in a day never was', async () => {
    const desk = await stixDesk();
    const note = (properties: object) =>
      stixObject('note', 2, { content: 'x', object_refs: [actor['id']], ...properties });
    await desk.share([actor, note({ abstract: 'It is one group.' })]);
    await desk.share([note({ modified: '2024-03-02T00:00:00.000Z' })]);
    const { sources, judgments } = await desk.tables();
    expect([sources.length, judgments]).toEqual([1, []]);
    await desk.share([note({ modified: '2024-03-03T00:00:00.000Z', revoked: true })]);
    expect((await desk.tables()).sources).toEqual([]);
  });

  test('imports of one day are all kept; of one object the last counts', async () => {
    const desk = await stixDesk();
    const other = stixObject('intrusion-set', 21, { name: 'Grey Owl' });
    await desk.share([actor]);
    await desk.share([other]);
    await desk.share([{ ...actor, name: 'Red Wolf', modified: '2024-03-30T00:00:00Z' }]);
    const names = (await desk.tables()).actors.map(({ name }) => name);
    expect(names.toSorted()).toEqual(['Grey Owl', 'Red Wolf']);
  });

  test('the dataset’s own row of the same id and day counts, and a later one too', async () => {
    const desk = await stixDesk();
    await desk.share([actor]);
    const descriptor: unknown = JSON.parse(await readFile(join(desk.into, 'datapackage.json'), 'utf8'));
    const resources = [
      { name: 'incidents', path: 'incidents/0001/rows.parquet' },
      { name: 'actors', path: 'actors.csv' },
    ];
    await writeFile(
      join(desk.into, 'datapackage.json'),
      JSON.stringify(Object.assign({}, descriptor, { resources })),
    );
    const own = (day: string) =>
      writeFile(
        join(desk.into, 'actors.csv'),
        `id,known_on,name,colour\nSTIX-intrusion-set-00000011-0000-4000,${day},Fox,red\nA-2,${day},Owl,grey\n`,
      );
    await own('2024-04-01');
    expect((await desk.tables()).actors.map(({ name }) => name)).toEqual(['Fox', 'Owl']);
    await own('2024-05-01');
    expect((await desk.tables()).actors.map(({ name }) => name)).toEqual(['Fox', 'Owl', 'Red Fox']);
  });

  test('no more than 100,000 are read', async () => {
    const desk = await stixDesk();
    await desk.share([actor]);
    const line = await readFile(join(desk.into, 'incidents/0001/notes.jsonl'), 'utf8');
    await writeFile(join(desk.into, 'incidents/0001/notes.jsonl'), line.repeat(100_001));
    // As of a version that did not describe its files.
    const place = join(desk.into, 'incidents/0001/import.json');
    const described = importRecord.parse(JSON.parse(await readFile(place, 'utf8')));
    await writeFile(place, JSON.stringify({ ...described, stored: undefined }));
    await expect(desk.tables()).rejects.toThrow('more than 100,000 notes');
  });

  test('an import that would make the dataset invalid is refused, and changes nothing', async () => {
    const desk = await stixDesk();
    await desk.share([actor]);
    const resources = [{ name: 'events', path: 'events.csv' }];
    await writeFile(join(desk.into, 'datapackage.json'), JSON.stringify({ name: 'desk', resources }));
    await writeFile(
      join(desk.into, 'events.csv'),
      'id,known_on,date_start,title,actors\nE1,2024-04-05,2024-04-01,A theft,STIX-intrusion-set-00000011-0000-4000\n',
    );
    const before = await desk.files();
    const revoked = { ...actor, modified: '2024-04-03T00:00:00.000Z', revoked: true };
    const error = await desk.share([revoked], { knownOn: '2024-04-05' }).catch((cause: unknown) => cause);
    expect(error instanceof AppError && [error.code, error.faults[0]?.problem]).toEqual([
      'import-failed',
      '"STIX-intrusion-set-00000011-0000-4000" was withdrawn on 2024-04-05.',
    ]);
    expect(await desk.files()).toEqual(before);
  });
});

test('revoked incidents are withdrawn without --complete, and never appear as new', async () => {
  const desk = await stixDesk();
  await desk.share([incident(1), incident(2)]);
  const revoked = (number: number) =>
    incident(number, { modified: '2024-03-09T00:00:00.000Z', revoked: true });
  const { counts, firstDay } = await desk.share([revoked(1), revoked(3)], { knownOn: '2024-04-02' });
  expect([counts, firstDay]).toEqual([
    { read: 0, new: 0, revised: 0, unchanged: 0, withdrawn: 1, skipped: {} },
    null,
  ]);
  expect(await desk.rows('title')).toEqual([{ title: 'Incident 2' }]);
  expect(await desk.rows('title', { asOf: '2024-04-01' })).toHaveLength(2);
  expect(await desk.share([revoked(1)], { knownOn: '2024-04-03' })).toMatchObject({ record: null });
});

test('of versions of an object the newest counts, in whatever order and file', async () => {
  const desk = await stixDesk();
  const newest = incident(1, { name: 'Newest', modified: '2024-03-09T00:00:00.5Z' });
  const files = [
    await desk.write(bundleOf([newest, incident(1)]), 'a.json'),
    await desk.write(
      bundleOf([incident(1, { name: 'Middle', modified: '2024-03-08T00:00:00.000Z' })]),
      'b.json',
    ),
  ];
  const { counts } = await desk.run(stix, files);
  expect(await desk.rows('title')).toEqual([{ title: 'Newest' }]);
  expect(counts.skipped).toEqual({ 'is an older version of another object, or repeats it': 2 });
});

describe('markings', () => {
  const markingsIn = async (objects: readonly unknown[]) => {
    const desk = await stixDesk();
    await desk.share(objects);
    return (await desk.rows('title, marking')).map(({ marking }) => marking);
  };

  test('by the fixed ids of both versions of TLP', async () => {
    const uuids = [
      '613f2e26-407d-48c7-9eca-b8e91df99dc9',
      '34098fce-860f-48ae-8e50-ebd3cc5e41da',
      'f88d31f6-486f-44da-b317-01333bde0b82',
      '5e57c739-391a-4eb3-b6be-7d15ca92d5ed',
      '94868c89-83c2-464b-929b-a1a8aa3c8487',
      'bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
      '55d920b0-5e8b-4f79-9ee9-91f868d9b421',
      '939a9414-2ddd-4d32-a0cd-375ea402b003',
      'e828b379-4e03-4974-9ac4-e53a884c97c1',
    ];
    expect(await markingsIn(uuids.map((uuid, index) => incident(index, tlp(uuid))))).toEqual([
      'TLP:CLEAR',
      'TLP:GREEN',
      'TLP:AMBER',
      'TLP:RED',
      'TLP:CLEAR',
      'TLP:GREEN',
      'TLP:AMBER',
      'TLP:AMBER+STRICT',
      'TLP:RED',
    ]);
  });

  test('by definition, by extension, by name, of a part, and unknown', async () => {
    const definition = (number: number, properties: object) =>
      stixObject('marking-definition', number, { modified: undefined, ...properties });
    const marked = (number: number, by: number) =>
      incident(number, { object_marking_refs: [stixId('marking-definition', by)] });
    const part = {
      granular_markings: [{ selectors: ['name'], marking_ref: stixId('marking-definition', 51) }],
    };
    expect(
      await markingsIn([
        marked(1, 51),
        marked(2, 52),
        marked(3, 53),
        incident(4, part),
        marked(5, 54),
        marked(6, 55),
        definition(51, { definition_type: 'tlp', definition: { tlp: 'white' } }),
        definition(52, { extensions: { [stixId('extension-definition', 9)]: { tlp_2_0: 'amber+strict' } } }),
        definition(53, { name: 'TLP:GREEN' }),
        definition(54, { definition_type: 'statement', definition: { statement: 'Copyright' } }),
      ]),
    ).toEqual(['TLP:CLEAR', 'TLP:AMBER+STRICT', 'TLP:GREEN', 'TLP:CLEAR', null, 'TLP:RED']);
  });

  test('a row is as restricted as the objects that it names', async () => {
    const red = tlp('e828b379-4e03-4974-9ac4-e53a884c97c1');
    const to = stixId('intrusion-set', 11);
    expect(
      await markingsIn([
        incident(1),
        incident(2),
        { ...actor, ...red },
        link(21, stixId('incident', 1), 'attributed-to', to),
      ]),
    ).toEqual(['TLP:RED', null]);
  });
});

describe('files', () => {
  test.each([
    ['[]', 'is not a STIX bundle.', 'Put the objects into'],
    [JSON.stringify(incident(1)), 'is not a STIX bundle.', 'Put the objects into'],
    ['{"Event": {}}', 'is not a STIX bundle.', 'sitrep import misp'],
    ['event_id_cnty,event_date\n', 'is not JSON.', 'sitrep import acled'],
    ['<stix:STIX_Package/>', 'is not JSON.', 'as JSON'],
    ['{"type": "bundle", "objects": [', 'is not JSON in UTF-8', 'again'],
    [
      `{"type":"bundle","objects":[${'['.repeat(150)}${']'.repeat(150)}]}`,
      'is nested more than 100 levels',
      '',
    ],
    [bundleOf([]), 'has no rows.', ''],
    [bundleOf([stixObject('tool', 1, { name: 'x' })]), 'is a tool: there is no table for it.', ''],
  ])('%s', async (text, problem, hint) => {
    const desk = await stixDesk();
    const [fault] = await faultsOf(desk.run(stix, [await desk.write(text, 'a.json')]));
    expect(fault?.problem).toContain(problem);
    expect(fault?.hint).toContain(hint);
    expect(await desk.files()).toEqual([]);
  });

  test('a bundle without an object that has a table is one fault, whatever its objects are', async () => {
    const desk = await stixDesk();
    const objects = [
      stixObject('tool', 1, { name: 'x' }),
      stixObject('tool', 2, { name: 'y' }),
      stixObject('indicator', 5, { name: 'z' }),
      stixObject('identity', 7, { name: 'A desk' }),
      link(6, stixId('indicator', 5), 'indicates', stixId('tool', 1)),
    ];
    const faults = await faultsOf(desk.run(stix, [await desk.write(bundleOf(objects), 'a.json')]));
    expect(faults).toMatchObject([{ file: 'a.json', count: 5 }]);
    expect(faults[0]?.problem).toBe(
      'has nothing to import: 2 × is a tool: there is no table for it; 1 × is an indicator: there is no table for it; ' +
        '1 × is an identity that no row names; 1 × is a relationship of objects that have no row.',
    );
  });

  test('malicious contents are kept as data or left out', async () => {
    const desk = await stixDesk();
    const odd = JSON.stringify(incident(1)).replace('{', '{"__proto__": {"polluted": true}, ');
    const many = Array.from({ length: 80 }, (_, index) => stixObject(`x-odd-${index}`, 100 + index));
    const text = bundleOf([
      incident(2, { name: 'x'.repeat(2_000_000) }),
      incident(3, { name: '=HYPERLINK("http://evil.example")' }),
      incident(4, { name: 'a\u202Eb\u0000c', first_seen: '9'.repeat(30) }),
      { type: 'incident', id: 'incident--1' },
      null,
      ...many,
    ]).replace('[', `[${odd},`);
    const { counts } = await desk.run(stix, [await desk.write(text, 'a.json')]);
    expect(await desk.rows('title')).toEqual([{ title: 'Incident 1' }, { title: 'ab c' }]);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(counts.skipped).toMatchObject({
      'is longer than 1 MB': 1,
      'has a formula': 1,
      'has no id of its type': 2,
    });
    expect(Object.keys(counts.skipped).length).toBeLessThan(60);
    const total = Object.values(counts.skipped).reduce((sum, count) => sum + count, 0);
    expect(total).toBe(84);
  });
});

test('STIX and ACLED share a dataset, and only rows of the same source are withdrawn', async () => {
  const desk = await stixDesk();
  await desk.add(acled, [acledEvent({})]);
  const at = (number: number) =>
    link(40 + number, stixId('incident', number), 'located-at', stixId('location', 13));
  await desk.share([incident(1), incident(2), town, at(1), at(2)]);
  const { counts } = await desk.share([incident(2), town, at(2)], { complete: true, knownOn: '2024-05-01' });
  expect(counts).toMatchObject({ unchanged: 1, withdrawn: 1 });
  expect(await desk.rows('id')).toEqual([{ id: 'ACLED-FRA1' }, { id: 'STIX-incident-00000002-0000-4000' }]);
});

test('a kill -9 leaves both the incidents and the notes of an import, or neither', async () => {
  const desk = await stixDesk();
  await desk.share([incident(1)]);
  const before = await desk.files();
  const file = await desk.write(bundleOf([incident(2), actor]), 'a.json');
  const run = join(import.meta.dirname, '../support/import-killed.ts');
  const start = async (killAt: string): Promise<unknown> => {
    const argv = [run, desk.into, file, join(desk.folder, 'cache'), killAt];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit'] });
    const [, signal]: unknown[] = await once(child, 'exit');
    return signal;
  };
  for (const killAt of ['write', 'put in place']) {
    expect(await start(killAt)).toBe('SIGKILL');
    expect(await desk.files()).toEqual(before);
  }
  expect(await start('never')).toBeNull();
  expect([await desk.rows('title'), (await desk.tables()).actors.length]).toEqual([
    [{ title: 'Incident 1' }, { title: 'Incident 2' }],
    1,
  ]);
}, 120_000);

test('a row with a higher marking than a brief counts as withdrawn, unless it is the dataset’s own', async () => {
  const desk = await stixDesk();
  await desk.share([actor]);
  const red = tlp('e828b379-4e03-4974-9ac4-e53a884c97c1');
  await desk.share(
    [
      { ...actor, modified: '2024-04-02T00:00:00.000Z', ...red },
      { ...town, ...red },
    ],
    {
      knownOn: '2024-04-02',
    },
  );
  const dataset = await loadDataset(desk.into, 'data/desk');
  const namesFor = (marking: Marking, asOf: string): string[] => {
    const { actors, places } = knownBy(tablesWithin(dataset, marking), asOf);
    return [...actors, ...places].map(({ name }) => name);
  };
  expect(namesFor('TLP:CLEAR', '2024-04-01')).toEqual(['Red Fox']);
  // The earlier version does not come back.
  expect(namesFor('TLP:AMBER', '2024-04-02')).toEqual([]);
  expect(namesFor('TLP:RED', '2024-04-02')).toEqual(['Red Fox', 'Saint-Lo']);
  const own = tablesWithin({ tables: dataset.tables }, 'TLP:CLEAR');
  expect(own).toBe(dataset.tables);
});
