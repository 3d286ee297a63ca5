import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { periodEnding } from '../../src/calendar.ts';
import type { ImportRecord } from '../../src/dataset/incidents.ts';
import { openPrinter, type Printer } from '../../src/pdf/browser/print.ts';
import { editionsAskedFor, resolveEdition } from '../../src/production/fan-out.ts';
import { produce } from '../../src/production/produce.ts';
import { scaffoldOf } from '../../src/project/scaffold.ts';
import { openQueries } from '../../src/query/database.ts';
import { knownIncidents } from '../../src/query/incidents.ts';
import { parametersOf } from '../../src/query/select.ts';
import { openProject } from '../../src/wiring/project.ts';
import { testCacheFolder } from '../support/cache.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { rendering } from '../support/effects.ts';
import { type TestImport, writeIncidents } from '../support/incident-store.ts';
import { readPage } from '../support/page.ts';

const root = join(import.meta.dirname, '../..');
let printer: Printer;
beforeAll(async () => {
  printer = await openPrinter({ cacheFolder: testCacheFolder });
});
afterAll(() => printer[Symbol.asyncDispose]());

const effects = () => ({
  ...rendering,
  startPrinting: () => {},
  print: printer.print,
  browser: () => Promise.resolve(printer.browser),
});

/** Incidents of forty weeks by four actors in four places; in the last, one actor is silent in a place and up in another. */
const incidents = (count: number) => `SELECT * FROM (
    SELECT 'T-' || i AS id, DATE '2022-01-09' - (hash(i) % 280)::INTEGER AS start, 'Attack' AS kind, 'CO' AS country,
      [['Harbour Watch', 'River Front', 'Hill Guard', 'Coast Militia'][1 + (hash(i + 5) % 4)::INTEGER]] AS side_a,
      ['North', 'East', 'South', 'West'][1 + (hash(i + 9) % 4)::INTEGER] AS admin1, i % 9 AS deaths_best,
      'As it came: it is likely that one side shelled the other.' AS summary, 'exact' AS place_precision,
      1.5 + (hash(i + 1) % 800) / 100.0 AS lat, -77.0 + (hash(i + 2) % 800) / 100.0 AS lon
    FROM range(${count}) AS t(i)
  ) WHERE NOT (side_a = ['River Front'] AND admin1 = 'North' AND start > DATE '2022-01-02')
  UNION ALL
  SELECT 'S-' || i, DATE '2022-01-05', 'Attack', 'CO', ['River Front'], 'West', 0, NULL, 'exact', 2.0, -73.0
  FROM range(${Math.ceil(count / 50)}) AS t(i)`;

const of = (last: string, country: string): Partial<ImportRecord> => ({
  first_day: '2021-04-05',
  last_day: last,
  countries: [country],
});

async function watch(
  count: number,
  imports: readonly TestImport[] = [
    { knownOn: '2022-01-09', rows: incidents(count), record: of('2022-01-09', 'CO') },
  ],
) {
  const { project, brief, dataset } = await scaffolded(imports);
  return produce(
    resolveEdition({ brief, dataset, asOf: '2022-01-09' }),
    effects(),
    await project.loadMaterial(),
  );
}

/** The brief that `sitrep new` writes for a dataset with these imports. `edit` changes its files before it is loaded. */
async function scaffolded(
  imports: readonly TestImport[],
  edit = async (_brief: string): Promise<void> => {},
  language?: string,
) {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'data/incidents'), { recursive: true });
  await writeIncidents(join(folder, 'data/incidents'), imports);
  if (language !== undefined) await writeFile(join(folder, 'sitrep.yaml'), `language: ${language}\n`);
  const values = {
    NAME: 'watch',
    TITLE: 'Watch',
    DATASET: 'incidents',
    AS_OF: '2022-01-09',
    PERIOD: 'P7D',
    LAG: 0,
  };
  const schema = join(root, 'templates/brief.schema.json');
  await scaffoldOf(folder, { sitrep: root, schema }).write('watch', values, 'activity-watch');
  await edit(join(folder, 'templates/watch'));
  const project = openProject(folder, { sitrep: root });
  const brief = await project.loadBrief('watch');
  return { project, brief, dataset: await project.loadDataset('incidents') };
}

test('a name of several lines leaves room for the days of the weeks above it', async () => {
  const long = 'Military Forces of the Republic (2021-) General Directorate of Coastal Defence and Harbours';
  const rows = incidents(3000).replaceAll('Harbour Watch', long);
  // The gate blocks a chart whose labels overlap.
  const { charts } = await watch(3000, [{ knownOn: '2022-01-09', rows, record: of('2022-01-09', 'CO') }]);
  const [first = ''] = long.split(' General');
  const labels = charts['weeks']?.scene.texts.filter(({ text }) => text.startsWith(first.slice(0, 20))) ?? [];
  expect(labels.length).toBeGreaterThan(2);
});

test('says what went quiet and what surged among 30,000 incidents, within eight pages', async () => {
  const { html, pages, rules, manifest, charts } = await watch(30_000);
  const { text } = readPage(html);
  expect(text).toMatch(/River Front · North\. Quiet: 0 reported in seven days, \d+ expected\. Up in West\./);
  expect(text).toMatch(
    /River Front · West\. Surged: \d+ reported in seven days, \d+ expected\. Quiet in North\./,
  );
  expect(pages).toBeLessThanOrEqual(8);
  expect(Object.keys(charts).toSorted()).toEqual(['map', 'weeks']);
  expect(manifest.evidence.map(({ name, attached }) => [name, attached])).toEqual([
    ['period', 'rows'],
    ['scanned', 'ids'],
  ]);
  expect(rules.warnings).toEqual([]);
}, 120_000);

test.each([
  ['fr', 'River Front · North. Accalmie', 'En hausse : West.', 'Recueil : supposé d’après les imports.'],
  ['ar', 'River Front · North. هدوء', 'تصاعد في: West.', 'والتغطية مفترضة من عمليات الاستيراد.'],
])(
  'is written in the language of the project: %s',
  async (language, ...expected) => {
    const imports = [{ knownOn: '2022-01-09', rows: incidents(10_000), record: of('2022-01-09', 'CO') }];
    const { project, brief, dataset } = await scaffolded(imports, undefined, language);
    const request = resolveEdition({ brief, dataset, asOf: '2022-01-09' });
    const { html, rules } = await produce(request, effects(), await project.loadMaterial());
    const text = readPage(html)
      .text.replaceAll(/[\u00a0\u202f]/g, ' ')
      .replaceAll(/[\u2066-\u2069\u200e\u200f]/g, '');
    for (const each of expected) expect(text).toContain(each);
    expect(text).not.toMatch(/\b(?:series|reported|expected|coverage|quiet|incidents of)\b/i);
    // The rules that have no list of words for the language say so, and no rule has found anything.
    for (const { problem } of rules.warnings)
      expect(problem).toMatch(new RegExp(`there is no list of .* for ${language}\\.$`));
  },
  120_000,
);

test('the words of the scaffolds are in all three languages, and none is left out', async () => {
  const words = async (language: string) =>
    Object.keys(parse(await readFile(join(root, 'scaffold/words', `${language}.yaml`), 'utf8')) as object);
  const keys = await words('en-GB');
  expect(keys.length).toBeGreaterThan(20);
  for (const language of ['fr', 'ar']) expect(await words(language)).toEqual(keys);
  const files = [
    'activity-watch/brief.hbs',
    'activity-watch/brief.yaml',
    'brief/brief.hbs',
    'brief/brief.yaml',
    'reports/brief.hbs',
  ];
  const texts = await Promise.all(files.map((file) => readFile(join(root, 'scaffold', file), 'utf8')));
  for (const key of keys) expect(texts.join('')).toContain(`@${key}@`);
});

test('says of 30 incidents that they are too few', async () => {
  const { html, pages } = await watch(30);
  const { text } = readPage(html);
  expect(text).toMatch(/none of the \S+ series could be compared, because too few incidents were reported\./);
  expect(text).not.toContain('series went quiet');
  expect(pages).toBeLessThanOrEqual(4);
}, 60_000);

test.each([
  ['by whatever names', /river/i],
  ['without aliases, as it is named', /^$/],
])('an incident counts once for each actor that it names, %s and in whatever list', async (_, river) => {
  const names = ['River Front', 'river FRONT', 'The River', 'Hill Guard', 'Coast', 'Émir', 'éMIR'];
  const actorOf = (name: string) => (river.test(name) ? 'River Front' : name);
  const picked = (length: number, from: number) =>
    Array.from({ length: length % 4 }, (__, place) => names[(from + place * (from % 6)) % 7] ?? '');
  const all = Array.from({ length: 600 }, (__, index) => ({
    day: `2021-${String(1 + (index % 12)).padStart(2, '0')}-15`,
    place: index % 5 === 0 ? 'South' : 'North',
    sides: [picked(index, index), picked(Math.floor(index / 4), index * 3 + 1)],
    number: 1 + (index % 2),
  }));
  const list = (side: readonly string[]) => `[${side.map((name) => `'${name}'`).join(', ')}]::VARCHAR[]`;
  const rows = all.map(
    ({ day, place, sides, number }, index) =>
      `SELECT 'T-${index}' AS id, DATE '${day}' AS start, 'CO' AS country, '${place}' AS admin1, ${number} AS number,
        ${sides.map((side, at) => `${list(side)} AS side_${'ab'[at]}`).join(', ')}`,
  );
  const { brief, dataset } = await scaffolded([{ knownOn: '2022-01-09', rows: rows.join(' UNION ALL ') }]);
  const actor = {
    id: 'A-river',
    known_on: '2021-01-01',
    status: 'current' as const,
    marking: null,
    name: 'River Front',
    long_name: 'River Front',
    aliases: ['The River'],
    affiliation: null,
    note: null,
    basis: null,
  };
  const tables = {
    ...dataset.tables,
    actors: river.test('river') ? [actor] : [],
  };
  const known = knownIncidents(dataset, { asOf: '2022-01-09', marking: 'TLP:CLEAR' });
  await using queries = await openQueries(tables, {
    macros: brief.macros,
    incidents: known,
    locale: brief.locale,
  });
  const period = periodEnding('2022-01-09', 'P7D');
  const parameters = parametersOf(brief, { period, settings: dataset.settings, given: {} });
  const { file = '', text: sql = '' } = brief.queries['activity_counts'] ?? {};
  const found = await queries.query({ sql, file, parameters });
  const counts = new Map<string, number>();
  for (const { day, place, sides, number } of all)
    for (const name of new Set(sides.flat().map(actorOf))) {
      const key = `${name} ${place} ${day}`;
      counts.set(key, (counts.get(key) ?? 0) + number);
    }
  const incidentsOf = z.array(z.object({ start: z.string(), count: z.number() }));
  const counted = found.flatMap(({ actor: name, place, incidents: days }) =>
    incidentsOf
      .parse(days)
      .map(({ start, count }): [string, number] => [`${String(name)} ${String(place)} ${start}`, count]),
  );
  expect(new Map(counted)).toEqual(counts);
  expect(counted).toHaveLength(counts.size);
  expect(counts.size).toBeGreaterThan(40);
});

test('after the last import nothing is quiet, and page one says so', async () => {
  const rows = `SELECT * FROM (${incidents(3000)}) WHERE start < DATE '2022-01-03'`;
  const { html } = await watch(3000, [{ knownOn: '2022-01-02', rows, record: of('2022-01-02', 'CO') }]);
  const { text } = readPage(html);
  expect(text).toContain(
    'The newest import of incidents is of 2 January 2022; days after 2 January 2022 are not covered.',
  );
  expect(text).toContain(
    'none of the 16 series could be compared, because no collection is known for these days.',
  );
  expect(text).not.toContain('went quiet and no series');
  expect(text).toMatch(/no series within normal variation, .* 16 series not covered/);
  expect(text).toContain('Coverage is assumed from the imports.');
}, 60_000);

test('page one compares nothing if the whole period is within the reporting lag', async () => {
  const { project, brief, dataset } = await scaffolded(
    [{ knownOn: '2022-01-09', rows: incidents(3000), record: of('2022-01-09', 'CO') }],
    async (folder) => {
      const file = join(folder, 'brief.yaml');
      await writeFile(file, (await readFile(file, 'utf8')).replace('lag: 0', 'lag: 9'));
    },
  );
  const request = resolveEdition({ brief, dataset, asOf: '2022-01-09' });
  const { text } = readPage((await produce(request, effects(), await project.loadMaterial())).html);
  expect(text).toContain(
    'Between 3 January 2022 and 9 January 2022, none of the 16 series could be compared, because all days are within the reporting lag of nine days.',
  );
  expect(text).toContain('The reporting lag is declared, and is taken as nine days.');
  expect(text).toMatch(/ 16 series within the reporting lag/);
  expect(text).not.toMatch(/went quiet and no|comparison ends/);
}, 60_000);

test('the import of another country makes none quiet that was not imported since', async () => {
  const stale = `SELECT * FROM (${incidents(3000)}) WHERE start < DATE '2022-01-03'`;
  const other = `SELECT * REPLACE ('U' || id AS id, 'PE' AS country) FROM (${incidents(3000)})`;
  const { html } = await watch(3000, [
    { knownOn: '2022-01-02', rows: stale, record: of('2022-01-02', 'CO') },
    { knownOn: '2022-01-09', rows: other, record: of('2022-01-09', 'PE') },
  ]);
  const { text } = readPage(html);
  expect(text).toContain(
    'The newest days are not covered in Colombia, because no import of incidents has them.',
  );
  expect(text).not.toContain('The newest import of incidents');
  expect(text).toMatch(/no series went quiet and .* out of \S+ that could be compared; eight were scanned\./);
  expect(text).toMatch(/ four series not covered\./);
}, 60_000);

test('the steps of docs/authoring.md give one edition for each country', async () => {
  const guide = await readFile(join(root, 'docs/authoring.md'), 'utf8');
  const step = (pattern: RegExp): string => {
    const [, found] = pattern.exec(guide) ?? [];
    if (found === undefined) throw new Error(`docs/authoring.md has no ${pattern}.`);
    return found;
  };
  const editions = step(/such as `(SELECT DISTINCT country AS place [^`]*)`/);
  const condition = step(/add `(AND country = \$place)` to the condition/);
  const after = step(/, `(WHERE country = \$place)` after `incidents_between/);
  const joined = step(/`(WHERE i\.country = \$place)` after the join/);
  const other = `SELECT * REPLACE ('U' || id AS id, 'PE' AS country) FROM (${incidents(900)})`;
  const { brief, dataset, project } = await scaffolded(
    [
      {
        knownOn: '2022-01-09',
        rows: `SELECT * FROM (${incidents(3000)}) UNION ALL ${other}`,
        record: { ...of('2022-01-09', 'CO'), countries: ['CO', 'PE'] },
      },
    ],
    async (folder) => {
      let edits = 0;
      const edit = async (from: string, changes: readonly (readonly [string | RegExp, string])[]) => {
        let text = await readFile(from, 'utf8');
        for (const [what, by] of changes) {
          const changed = text.replace(what, () => by);
          if (changed !== text) edits += 1;
          text = changed;
        }
        await writeFile(join(folder, basename(from)), text);
      };
      const shared = (name: string) => join(root, 'templates/_shared/queries', name);
      const names = ['incident_rows', 'incident_total', 'incidents_of_period'];
      await edit(join(folder, 'brief.yaml'), [
        [
          'queries:\n',
          `parameters: { place: { type: string } }\nforEach: editions\n\nqueries:\n  editions: editions.sql\n`,
        ],
        [
          '  scanned: scanned.sql\n',
          ['scanned', ...names].map((name) => `  ${name}: ${name}.sql\n`).join(''),
        ],
        [/  map:\n(?: {4}.*\n)+/, ''],
        [`{ asOf: '2022-01-09' }`, `{ asOf: '2022-01-09', parameters: { place: CO } }`],
      ]);
      await writeFile(join(folder, 'editions.sql'), editions);
      for (const name of ['activity_counts.sql', 'coverage.sql', 'scanned.sql'])
        await edit(join(folder, name), [['AND start <= $as_of', `AND start <= $as_of ${condition}`]]);
      await edit(shared('incident_rows.sql'), [['= i.country\n', `= i.country\n${joined}\n`]]);
      await edit(shared('incident_total.sql'), [
        ['incidents_between($period_start, $as_of)', `incidents_between($period_start, $as_of) ${after}`],
      ]);
      await edit(shared('incidents_of_period.sql'), [
        ['AND start <= $as_of', `AND start <= $as_of ${condition}`],
      ]);
      await edit(join(folder, 'brief.hbs'), [['{{> map}}\n', '']]);
      expect(edits).toBe(11);
    },
  );
  const asked = await editionsAskedFor({ brief, dataset, asOf: '2022-01-09', given: {} }, rendering);
  expect(asked.map(({ parameters }) => parameters)).toEqual([{ place: 'CO' }, { place: 'PE' }]);
  const [, { parameters } = {}] = asked;
  const { html, manifest } = await produce(
    resolveEdition({ brief, dataset, asOf: '2022-01-09', ...(parameters && { parameters }) }),
    effects(),
    await project.loadMaterial(),
  );
  const { text } = readPage(html);
  expect(text).toContain('16 were scanned.');
  expect(text).toContain('no series not covered');
  expect(text).toMatch(/River Front · West\./);
  expect(text).not.toContain('Colombia');
  expect(manifest.evidence.map(({ name, rows }) => [name, rows < 1000])).toEqual([
    ['period', true],
    ['scanned', true],
  ]);
}, 60_000);
