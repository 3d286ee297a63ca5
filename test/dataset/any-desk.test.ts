import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { knownBy } from '../../src/dataset/point-in-time.ts';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { tableNames } from '../../src/dataset/schema.ts';
import { openQueries } from '../../src/query/database.ts';
import { otherTables } from '../../src/provenance/compare.ts';
import { knownTables } from '../../src/provenance/make-manifest.ts';
import { faultsIn, temporaryFolder } from '../support/dataset.ts';

/** A dataset folder: its descriptor, and files by name. */
async function desk(descriptor: object, files: { readonly [name: string]: string }): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'datapackage.json'), JSON.stringify({ name: 'harbours', ...descriptor }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}
const table = (name: string, fields?: object[]) => ({
  name,
  path: `${name}.csv`,
  ...(fields && { schema: { fields } }),
});
const events = `id,known_on,date_start,title
E1,2024-03-02,2024-03-01,Strike closes 2 of 3 berths
E2,2024-03-09,2024-03-08,Work resumes
`;
const parameters = { as_of: '', period_start: '', previous_as_of: '', topic: '' };

test('the smallest dataset is one file of events', async () => {
  const folder = await desk({ resources: [table('events')] }, { 'events.csv': events });
  const { title, marking, settings, tables } = await loadDataset(folder, 'data/test');
  expect({ title, marking }).toEqual({
    title: 'harbours',
    marking: 'TLP:CLEAR',
  });
  expect(settings.absent).toEqual(tableNames.filter((name) => name !== 'events'));
  expect(settings.topics).toEqual([{ name: 'general', title: 'General' }]);
  expect(tables.events[0]).toMatchObject({
    status: 'current',
    topic: 'general',
    precision: 'day',
    summary: 'Strike closes 2 of 3 berths',
    source: null,
    claim_status: null,
    actors: [],
  });
  expect(tableNames.filter((name) => name !== 'events' && tables[name].length > 0)).toEqual([]);
  await using queries = await openQueries(knownBy(tables, '2024-03-05'), { settings });
  const sql = 'SELECT e.title, (SELECT count(*) FROM sources)::INTEGER AS sources FROM events AS e';
  expect(await queries.query({ sql, file: 'templates/_shared/test.sql', parameters })).toEqual([
    { title: 'Strike closes 2 of 3 berths', sources: 0 },
  ]);
});

test('a dataset without events is valid', async () => {
  const folder = await desk(
    { resources: [table('events')] },
    { 'events.csv': 'id,known_on,date_start,title\n' },
  );
  expect(await faultsIn(folder)).toEqual([]);
});

test('what a row leaves empty and the program can tell is filled in', async () => {
  const folder = await desk(
    {
      sitrep: { topics: [{ name: 'ports', title: 'Ports' }] },
      resources: [table('events'), table('actors'), table('measures'), table('judgments')],
    },
    {
      'events.csv': `id,known_on,date_start,date_end,summary,topic
E1,2024-03-05,2024-03-01,2024-03-04,The berth was closed on 1 March. It reopened later.,
E2,2024-03-05,,,Nobody says when it reopened,ports
`,
      'actors.csv': 'id,known_on,name\nA1,2024-03-01,Port authority\n',
      'measures.csv': 'id,known_on,label,value,unit\nM1,2024-03-05,Berths,3,berths\n',
      'judgments.csv': 'id,known_on,text\nJ1,2024-03-05,The berth stays open\n',
    },
  );
  const { tables } = await loadDataset(folder, 'data/test');
  expect(tables.events).toMatchObject([
    { topic: 'ports', precision: 'range', title: 'The berth was closed on 1 March' },
    { topic: 'ports', precision: 'undated', title: 'Nobody says when it reopened' },
  ]);
  expect(tables.actors[0]).toMatchObject({ long_name: 'Port authority', affiliation: null });
  expect(tables.measures[0]).toMatchObject({ title: 'Berths', summary: 'Berths', bound: '=' });
  expect(tables.judgments[0]).toMatchObject({ topic: 'ports', role: 'assessment', rank: 1, rests_on: [] });
});

test('columns of its own have the type that they are declared with', async () => {
  const fields = [
    { name: 'id' },
    { name: 'known_on', type: 'date' },
    { name: 'date_start', type: 'date' },
    { name: 'title' },
    { name: 'ships', type: 'integer' },
    { name: 'Tonnes', type: 'number' },
    { name: 'closed', type: 'boolean' },
    { name: 'seen_on', type: 'date' },
    { name: 'seen_at', type: 'datetime' },
    { name: 'berths', type: 'list' },
    { name: 'notes', type: 'string' },
  ];
  const folder = await desk(
    { resources: [table('events', fields)] },
    {
      'events.csv': `id,known_on,date_start,title,ships,Tonnes,closed,seen_on,seen_at,berths,notes
E1,2024-03-02,2024-03-01,Strike,12,1.5e3,TRUE,2024-03-01,2024-03-01 10:30:00,A;B,"{as it came}, 5 ships"
E2,2024-03-02,2024-03-01,Strike,,,,,,,
`,
    },
  );
  const { tables, settings } = await loadDataset(folder, 'data/test');
  await using queries = await openQueries(tables, { settings });
  const sql = `SELECT ships, Tonnes, closed, seen_on, seen_at, berths, notes, typeof(ships) AS of_ships
    FROM events ORDER BY id`;
  expect(await queries.query({ sql, file: 'test.sql', parameters })).toEqual([
    {
      ships: 12,
      Tonnes: 1500,
      closed: true,
      seen_on: '2024-03-01',
      seen_at: '2024-03-01T10:30:00.000Z',
      berths: ['A', 'B'],
      notes: '{as it came}, 5 ships',
      of_ships: 'BIGINT',
    },
    {
      ships: null,
      Tonnes: null,
      closed: null,
      seen_on: null,
      seen_at: null,
      berths: [],
      notes: null,
      of_ships: 'BIGINT',
    },
  ]);
});

describe('a country may be given', () => {
  test.each([
    ['AF', 'AF'],
    ['YEM', 'YE'],
    ['887', 'YE'],
    ['4', 'AF'],
    ['Yemen', 'YE'],
    ["Cote d'Ivoire", 'CI'],
    ['', null],
  ])('as "%s"', async (given, code) => {
    const folder = await desk(
      { resources: [table('events'), table('places')] },
      {
        'events.csv': events,
        'places.csv': `id,known_on,name,country,lat,lon\nP1,2024-01-01,Aden,${given},12.8,45\n`,
      },
    );
    const { tables } = await loadDataset(folder, 'data/test');
    expect(tables.places[0]).toMatchObject({ country: code, lat: 12.8, radius_km: null, kind: null });
  });

  test('but not as a word that is none', async () => {
    const folder = await desk(
      { resources: [table('events'), table('places')] },
      { 'events.csv': events, 'places.csv': 'id,known_on,name,country\nP1,2024-01-01,Aden,Yemmen\n' },
    );
    expect(await faultsIn(folder)).toMatchObject([
      { field: 'country', problem: expect.stringMatching(/^"Yemmen" is not a country/) },
    ]);
  });
});

describe('the day on which a row became known', () => {
  const dated = events.replace('known_on,', '').replaceAll(/,2024-03-0[29](?=,)/g, '');

  test('must be given, and the fault says how', async () => {
    const folder = await desk({ resources: [table('events')] }, { 'events.csv': dated });
    expect(await faultsIn(folder)).toEqual([
      {
        file: 'data/test/events.csv',
        row: 1,
        problem: 'lacks the column "known_on".',
        hint: expect.stringContaining('declare "knownOn": "date" in datapackage.json'),
      },
    ]);
  });

  test('may be declared to be that of each event; all else is known from the first of them', async () => {
    const folder = await desk(
      { sitrep: { knownOn: 'date' }, resources: [table('events'), table('sources')] },
      {
        'events.csv': dated.replace('title', 'title,source').replaceAll(/([sd])\n/g, '$1,S1\n'),
        'sources.csv': 'id,name\nS1,Harbour log\n',
      },
    );
    const { tables } = await loadDataset(folder, 'data/test');
    expect(tables.events.map(({ known_on, source }) => [known_on, source])).toEqual([
      ['2024-03-01', 'S1'],
      ['2024-03-08', 'S1'],
    ]);
    expect(tables.sources[0]?.known_on).toBe('2024-03-01');
  });
});

test('a word outside of a declared list is a fault, with the one that was meant', async () => {
  const folder = await desk(
    {
      sitrep: {
        topics: [
          { name: 'ports', title: 'Ports' },
          { name: 'rail', title: 'Rail' },
        ],
        affiliations: [{ name: 'union', title: 'Union' }],
        sourceKinds: [{ name: 'press', title: 'Press' }],
      },
      resources: [table('events'), table('actors'), table('sources'), table('judgments')],
    },
    {
      'events.csv': 'id,known_on,date_start,title,topic\nE1,2024-03-02,2024-03-01,Strike,prots\n',
      'actors.csv': 'id,known_on,name,affiliation\nA1,2024-03-02,Dockers,onion\n',
      'sources.csv': 'id,known_on,name,kind\nS1,2024-03-02,Log,archive\n',
      'judgments.csv': 'id,known_on,text,topic\nJ1,2024-03-02,It lasts,all\n',
    },
  );
  expect(await faultsIn(folder)).toMatchObject([
    { field: 'kind', row: 2, hint: expect.stringContaining('Use one of: press.') },
    { field: 'affiliation', row: 2, hint: expect.stringContaining('Did you mean "union"?') },
    { field: 'topic', row: 2, hint: expect.stringContaining('Did you mean "ports"?') },
  ]);
});

test('a misspelt column is a fault where nothing declares it; any other is kept as text', async () => {
  const misspelt = await desk(
    { resources: [table('events')] },
    { 'events.csv': events.replace('title', 'titel') },
  );
  expect(await faultsIn(misspelt)).toMatchObject([
    { problem: 'has the column "titel".', hint: expect.stringContaining('Did you mean "title"?') },
  ]);
  const own = await desk(
    { resources: [table('events')] },
    { 'events.csv': events.replace('title', 'title,weather').replaceAll(/([sd])\n/g, '$1,fog\n') },
  );
  const { settings, tables } = await loadDataset(own, 'data/test');
  expect(settings.columns['events']).toEqual([{ name: 'weather', type: 'VARCHAR' }]);
  expect(tables.events[0]).toMatchObject({ weather: 'fog' });
});

test('a table that rows name and the dataset does not have is one fault', async () => {
  const lines = Array.from({ length: 50 }, (_, index) => `E${index},2024-03-02,2024-03-01,Strike,S${index}`);
  const folder = await desk(
    { resources: [table('events')] },
    { 'events.csv': `id,known_on,date_start,title,source\n${lines.join('\n')}\n` },
  );
  expect(await faultsIn(folder)).toMatchObject([
    { row: 2, count: 50, problem: 'names "S0", and the dataset has no table sources.' },
  ]);
});

test('days and numbers in what faults say do not make them different', async () => {
  const day = (index: number) => `2024-03-${String(index + 10)}`;
  const lines = Array.from({ length: 15 }, (_, index) => `E${index},${day(index)},${day(index + 1)},Strike`);
  const folder = await desk(
    { resources: [table('events')] },
    { 'events.csv': `id,known_on,date_start,title\n${lines.join('\n')}\n` },
  );
  expect(await faultsIn(folder)).toMatchObject([
    { row: 2, count: 15, problem: '2024-03-11 is after the row became known (2024-03-10).' },
  ]);
});

test('thousands of rows with the same mistakes are a handful of faults, each with its first place', async () => {
  const line = (index: number): string =>
    [
      `YEM${index}`,
      index % 2 === 0 ? '2022-01-20' : '20 January 2022',
      `2022-01-${String((index % 19) + 1).padStart(2, '0')}`,
      `"On ${index % 28} January, ${index} people, 3 of them armed, met."`,
      index % 3 === 0 ? `"${(index / 10).toFixed(1)} km"` : String(index % 7),
      index % 5 === 0 ? 'Battle' : 'Battles',
    ].join(',');
  const fields = ['id', 'known_on', 'date_start', 'summary', 'fatalities', 'topic'].map((name) => ({
    name,
    ...(name === 'fatalities' && { type: 'integer' }),
  }));
  const folder = await desk(
    {
      sitrep: { topics: [{ name: 'Battles', title: 'Battles' }] },
      resources: [table('events', fields)],
    },
    {
      'events.csv': `id,known_on,date_start,summary,fatalities,topic\n${Array.from({ length: 5000 }, (_, index) => line(index)).join('\n')}\n`,
    },
  );
  const faults = await faultsIn(folder);
  expect(faults.map(({ row, field, count }) => [field, row, count])).toEqual([
    ['fatalities', 2, 1667],
    ['known_on', 3, 2500],
    ['topic', expect.any(Number), expect.any(Number)],
  ]);
});

test('a dataset of the first edition, which declares nothing, opens as it did', async () => {
  const folder = join(import.meta.dirname, '../input/datasets/first-edition');
  const { marking, settings, tables } = await loadDataset(folder, 'data/first-edition');
  expect(marking).toBe('TLP:AMBER');
  expect(settings.topics).toEqual([{ name: 'isis', title: 'Isis' }]);
  expect(settings.sourceKinds.map(({ name }) => name)).toEqual(['analysis', 'statement']);
  expect(settings.absent).toEqual([]);
  expect(settings.columns).toEqual(Object.fromEntries(tableNames.map((name) => [name, []])));
  expect(tables.events.map(({ id, topic, basis }) => [id, topic, basis])).toEqual([
    ['E1', 'isis', 'article'],
    ['E2', 'isis', 'article'],
  ]);
});

describe('tables outside the model', () => {
  const ships = `ship,known_on,owner,tons
Aurora,2024-03-02,Nord Line,1200
Borea,2024-03-09,,900
`;
  const shipFields = [
    { name: 'ship', type: 'string' },
    { name: 'known_on', type: 'date' },
    { name: 'owner', type: 'string' },
    { name: 'tons', type: 'integer' },
  ];
  const rowsAsOf = async (folder: string, asOf: string, sql: string) => {
    const { tables, settings } = await loadDataset(folder, 'data/test');
    await using queries = await openQueries(knownBy(tables, asOf), { settings });
    return await queries.query({ sql, file: 'test.sql', parameters });
  };

  test('are in queries, with their declared columns and only rows known by the cut-off', async () => {
    const folder = await desk(
      { resources: [table('events'), table('ships', shipFields), { name: 'port-fees', path: 'fees.csv' }] },
      { 'events.csv': events, 'ships.csv': ships, 'fees.csv': 'port,fee\nRiga,12\n' },
    );
    const sql = 'SELECT ship, owner, tons * 2 AS double_tons, known_on FROM ships ORDER BY ship';
    expect(await rowsAsOf(folder, '2024-03-05', sql)).toEqual([
      { ship: 'Aurora', owner: 'Nord Line', double_tons: 2400, known_on: '2024-03-02' },
    ]);
    expect(await rowsAsOf(folder, '2024-03-09', sql)).toHaveLength(2);
    // A table without known_on is known on every day, and undeclared columns are text.
    expect(await rowsAsOf(folder, '2024-03-05', 'SELECT * FROM "port-fees"')).toEqual([
      { port: 'Riga', fee: '12' },
    ]);
  });

  test('are part of what an edition was made from', async () => {
    const folder = await desk(
      { resources: [table('events'), table('ships', shipFields)] },
      { 'events.csv': events, 'ships.csv': ships },
    );
    const known = async () => knownTables((await loadDataset(folder, 'data/test')).tables, '2024-03-05');
    const before = await known();
    expect(before.find((each) => each.table === 'ships')?.rows).toBe(1);
    await writeFile(join(folder, 'ships.csv'), ships.replace('1200', '1300'));
    expect(otherTables(before, await known())).toEqual(['ships']);
  });

  test('have their faults listed with file, row and field', async () => {
    const folder = await desk(
      { resources: [table('events'), table('ships', shipFields), table('Topics')] },
      { 'events.csv': events, 'ships.csv': ships.replace('1200', 'many').replace('2024-03-09', '') },
    );
    expect(await faultsIn(folder)).toEqual([
      expect.objectContaining({ file: 'data/test/datapackage.json', field: 'resources.Topics' }),
      expect.objectContaining({ file: 'data/test/ships.csv', row: 2, field: 'tons' }),
      expect.objectContaining({ file: 'data/test/ships.csv', row: 3, field: 'known_on' }),
    ]);
  });

  test('a JSON file without a schema is not a table', async () => {
    const folder = await desk(
      { resources: [table('events'), { name: 'outlines', path: 'outlines.topo.json' }] },
      { 'events.csv': events, 'outlines.topo.json': '{"type":"Topology"}' },
    );
    expect(await faultsIn(folder)).toEqual([]);
  });
});

test('a query of a brief that needs an absent table is a fault; a shared one finds it empty', async () => {
  const folder = await desk({ resources: [table('events')] }, { 'events.csv': events });
  const { tables, settings } = await loadDataset(folder, 'data/test');
  await using queries = await openQueries(knownBy(tables, '2024-03-05'), { settings });
  const run = (sql: string, file: string) => queries.query({ sql, file, parameters });
  const joined =
    'SELECT e.id FROM events AS e LEFT JOIN Places AS p ON p.id = e.place WHERE EXISTS (FROM gaps)';
  await expect(run(joined, 'templates/weekly/where.sql')).rejects.toMatchObject({
    code: 'query-failed',
    faults: [
      {
        file: 'templates/weekly/where.sql',
        problem: 'The query uses the tables places, gaps, which the dataset does not have.',
        hint: expect.stringContaining('datapackage.json'),
      },
    ],
  });
  await expect(run('SELECT id FROM gaps', 'templates/_harbours/queries/a.sql')).rejects.toThrow(
    /the table gaps,/,
  );
  expect(await run('SELECT id FROM gaps', 'templates/_shared/queries/gaps.sql')).toEqual([]);
  // A name within the statement is not the table.
  expect(await run('WITH gaps AS (SELECT 1 AS id) FROM gaps', 'templates/weekly/own.sql')).toEqual([
    { id: 1 },
  ]);
});

describe('what a newcomer’s spreadsheet has', () => {
  const hints = async (csv: string, name = 'events') => {
    const folder = await desk({ resources: [table(name)] }, { [`${name}.csv`]: csv });
    return (await faultsIn(folder)).map(({ problem, hint }) => `${problem} ${hint}`);
  };

  test.each([
    [';', 'semicolons'],
    ['\t', 'tabs'],
  ])('columns separated by %j are one fault that says so', async (separator, name) => {
    expect(await hints(events.replaceAll(',', separator))).toEqual([
      expect.stringMatching(new RegExp(`^is separated by ${name}\\. Save it as CSV separated by commas`)),
    ]);
  });

  test('days and ids of another form come with the form to use', async () => {
    const csv =
      'id,known_on,date_start,title\n2,2024-03-02,01/03/2024,Strike\ne3,2024-03-02,2024-03-01,Strike\n';
    expect(await hints(csv)).toEqual([
      expect.stringContaining('Write "E2", for example.'),
      expect.stringContaining('Write days as year-month-day.'),
    ]);
  });

  test('a table of events under another name is named', async () => {
    expect(await hints(events, 'vorfaelle')).toEqual([
      expect.stringContaining('Name the resource that has the events "events": there is "vorfaelle".'),
    ]);
  });
});
