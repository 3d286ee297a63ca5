import { join } from 'node:path';
import { PDFDocument } from '@cantoo/pdf-lib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explained } from '../../src/editions/format.ts';
import { compact } from '../../src/importers/compact.ts';
import { readAttachments, unpack } from '../../src/pdf/attachments.ts';
import { openPrinter, type Printer } from '../../src/pdf/browser/print.ts';
import { explain } from '../../src/production/explain.ts';
import { verify } from '../../src/production/verify.ts';
import { inputsOf } from '../../src/provenance/inputs.ts';
import { testCacheFolder } from '../support/cache.ts';
import { heldBy } from '../support/gate.ts';
import { incidentProject } from '../support/incident-project.ts';
import { type TestImport, writeIncidents } from '../support/incident-store.ts';
import { readPage } from '../support/page.ts';

let printer: Printer;
beforeAll(async () => {
  printer = await openPrinter({ cacheFolder: testCacheFolder });
});
afterAll(() => printer[Symbol.asyncDispose]());

/** 312 incidents in one week, in one country, and one elsewhere. */
const first: TestImport = {
  knownOn: '2022-01-09',
  rows: `SELECT 'T-' || i AS id, DATE '2022-01-03' + (i % 7)::INTEGER AS start, 'YE' AS country, 'Text ' || i AS summary,
    i % 3 AS deaths_best FROM range(312) AS t(i) UNION ALL SELECT 'T-ml', DATE '2022-01-05', 'ML', 'Elsewhere', 0`,
};
const acled = {
  source: 'ACLED',
  licence: {
    name: 'ACLED terms of use',
    url: null,
    attribution: 'Data by ACLED, acleddata.com.',
    allows_rows: false,
  },
};

const yaml = `title: Test
subject: A test
dataset: incidents
schedule: { cron: '0 6 * * MON', timezone: UTC }
period: P7D
marking: TLP:CLEAR
queries: { week: week.sql, total: total.sql }
evidence:
  week: { rows: week }
limits: { pages: 4, megabytes: 3, seconds: 60 }
golden:
  - { asOf: '2022-01-09' }
`;
const template = `{{#> page}}
<h2>Incidents</h2>
{{#each rows.total}}<p>There were {{figure "week" "count"}} incidents and {{deaths}} deaths.{{cite cites}}</p>{{/each}}
{{/page}}
`;
const files = {
  'brief.yaml': yaml,
  'brief.hbs': template,
  'week.sql': `-- The incidents of the week.\nSELECT id, start, deaths_best FROM incidents WHERE country = 'YE' AND start BETWEEN $period_start AND $as_of; -- all\n`,
  'total.sql': `SELECT sum(deaths_best) AS deaths, ['week'] AS cites FROM incidents WHERE country = 'YE'`,
};

const projectWith = (imports: readonly TestImport[], changed: { readonly [file: string]: string } = {}) =>
  incidentProject({ imports, files: { ...files, ...changed }, printer });

const attachedIn = async (pdf: Uint8Array) => {
  const found = readAttachments(await PDFDocument.load(pdf, { updateMetadata: false })).map(
    (each) => [each.name, Buffer.from(unpack(each) ?? '').toString()] as const,
  );
  return Object.fromEntries(found);
};

test('one endnote cites any number of incidents, and the PDF carries their rows', async () => {
  const { make } = await projectWith([first]);
  const { html, pdf, manifest } = await make();
  const { text } = readPage(html);
  expect(text).toContain('There were 312 incidents and 312 deaths.');
  expect(text).toContain('Test feed, 312 incidents in Yemen, 3–9 January 2022');
  expect(text).toContain('Data by the test feed.');
  expect(manifest.incidents).toEqual({ import: 1, known_on: '2022-01-09' });
  expect(manifest.evidence).toEqual([
    {
      name: 'week',
      query: 'templates/test/week.sql',
      rows: 312,
      count: 312,
      start: '2022-01-03',
      end: '2022-01-09',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      attached: 'rows',
    },
  ]);
  const lines = (await attachedIn(pdf))['evidence-week.csv']?.trimEnd().split('\r\n');
  expect(lines?.slice(0, 2)).toEqual(['id,start,deaths_best', 'T-0,2022-01-03,0']);
  expect(lines).toHaveLength(313);
});

test('where the licence keeps rows back, the PDF carries the ids and the query, and the attribution is printed', async () => {
  const { make } = await projectWith([{ ...first, record: acled }]);
  const { html, pdf } = await make();
  expect(readPage(html).text).toContain('ids attached');
  expect(readPage(html).text).toContain('Data by ACLED, acleddata.com.');
  const attached = await attachedIn(pdf);
  expect(Object.keys(attached)).toEqual(['evidence-week.json', 'manifest.json']);
  const content: unknown = JSON.parse(attached['evidence-week.json'] ?? '');
  expect(content).toMatchObject({
    sources: ['ACLED'],
    query: files['week.sql'],
    parameters: { as_of: '2022-01-09' },
    count: 312,
    ids: expect.arrayContaining(['T-0', 'T-311']),
  });
  expect(JSON.stringify(content)).not.toContain('deaths_best":');
});

test('an edition is made again from the imports that it used, whatever was imported since', async () => {
  const { make, repository, folder, request } = await projectWith([first]);
  const { pdf } = await make();
  const inputs = async () =>
    inputsOf(await request('2022-01-09'), { engine: '', material: '', formats: ['pdf'] });
  const before = await inputs();
  // Imported later on the same day.
  const second = {
    knownOn: '2022-01-09',
    rows: `SELECT 'T-late' AS id, DATE '2022-01-04' AS start, 'YE' AS country`,
  };
  await writeIncidents(join(folder, 'data/incidents'), [first, second]);
  const check = (edition = pdf) =>
    verify(edition, { beside: null, recordsOf: () => Promise.resolve([]), repository });
  expect(await check()).toMatchObject({ verdict: 'identical', differences: [] });
  expect(await inputs()).not.toBe(before);
  const later = await make();
  expect(later.manifest.evidence).toMatchObject([{ count: 313 }]);
  const { record } = await compact(join(folder, 'data/incidents'), {
    version: '0',
    cacheFolder: join(folder, 'cache'),
  });
  expect(record).toMatchObject({ up_to: 2, rows: 314 });
  // The first one goes back behind the compaction; the other was made from the imports that are in it.
  expect(await check()).toMatchObject({ verdict: 'identical', differences: [] });
  expect(await check(later.pdf)).toMatchObject({ verdict: 'identical', differences: [] });
  // What it used was tampered with.
  await writeIncidents(join(folder, 'data/incidents'), [
    { ...first, rows: first.rows.replace('312', '300') },
  ]);
  expect(await check()).toMatchObject({
    verdict: 'differs',
    differences: expect.arrayContaining([
      {
        kind: 'evidence',
        name: 'week',
        change: 'changed',
        says: 'The evidence set "week" had 312 incidents and has 300: its rows differ.',
      },
    ]),
  });
});

test('an edition from before the first import says that it is a reconstruction', async () => {
  const { make } = await projectWith([{ ...first, knownOn: '2022-03-01', record: { lag_days: 0 } }]);
  const { html } = await make();
  const { text } = readPage(html);
  expect(text).toContain('reconstructed from data imported on 1 March 2022');
  expect(text).toContain('Test feed, 312 incidents in Yemen');
});

test('explain lists the evidence set: its query, count, hash and first ids', async () => {
  const { make, repository } = await projectWith([first]);
  const { pdf } = await make();
  const lines = explained(await explain(pdf, { phrase: '312', repository }));
  expect(lines).toContain(
    'week in evidence, known on 2022-01-09: Test feed, 312 incidents in Yemen, 3–9 January 2022',
  );
  expect(lines).toMatch(
    /rows 312, count 312, query \S*week\.sql, sha256 [0-9a-f]{64}, ids T-0 T-1 T-10 .* …/,
  );
});

test('a figure of an evidence set must be cited with it', async () => {
  const { make } = await projectWith([first], {
    'brief.hbs': `{{#> page}}<p>There were {{figure "week" "count"}} incidents.</p>{{/page}}`,
  });
  expect(Object.keys(await heldBy(make()))).toEqual(['cites-a-row']);
});

test('rows that are not incidents known by the cut-off cannot be cited', async () => {
  const { make } = await projectWith([first], {
    'week.sql': `SELECT id FROM incidents WHERE country = 'YE' UNION ALL SELECT 'T-invented'`,
  });
  expect((await heldBy(make()))['known-by-cut-off']).toMatchObject([
    {
      problem: '1 of the 313 rows of the evidence set "week" are not incidents known by 2022-01-09.',
    },
  ]);
});

test('a query of an evidence set that fails names its file and line', async () => {
  const { make } = await projectWith([first], { 'week.sql': 'SELECT id\nFROM incident' });
  await expect(make()).rejects.toMatchObject({
    code: 'query-failed',
    faults: [{ file: expect.stringMatching(/week\.sql$/), line: 2 }],
  });
  const { make: other } = await projectWith([first], { 'week.sql': 'SELECT start FROM incidents' });
  await expect(other()).rejects.toMatchObject({
    faults: [{ problem: 'The query of the evidence set "week" has no column "id".' }],
  });
});

const judged = {
  'data/incidents/datapackage.json': JSON.stringify({
    name: 'incidents',
    title: 'Incidents of a test',
    resources: [
      { name: 'incidents', path: 'incidents/0001/rows.parquet' },
      { name: 'judgments', path: 'judgments.csv' },
    ],
  }),
  'data/incidents/judgments.csv': `id,known_on,topic,role,rank,text,rests_on,confidence,confidence_basis
K-1,2022-01-09,all,headline,1,There were {week.count} incidents,week,,
K-2,2022-01-09,all,key,1,Deaths are rare: {few.count} of them,few;week,high,One source
K-3,2022-01-09,all,key,2,This rests on what another brief computes,other,high,One source
`,
  'brief.yaml': `${yaml.replace('week.sql, total', 'week.sql, few: few.sql, total')}findings:
  few: { kind: count, rows: few }
`,
  'few.sql': `SELECT 'T-0' AS id, ['week'] AS cites`,
  'brief.hbs': `{{#> page}}{{> key-judgments}}{{/page}}`,
};

test('a headline and judgments rest on evidence sets and findings, and are cited through them', async () => {
  const { make, repository } = await projectWith([first], judged);
  const { html, pdf, manifest } = await make();
  const { blocks } = readPage(html);
  expect(blocks).toContain('There were 312 incidents');
  expect(blocks).toContain('Deaths are rare: one of them');
  expect(blocks.join(' ')).not.toContain('another brief');
  expect(manifest.evidence).toHaveLength(1);
  const lines = explained(await explain(pdf, { phrase: '312 incidents', repository }));
  expect(lines).toContain('week in evidence');
});

describe('one incident', () => {
  const rows: TestImport = {
    knownOn: '2022-01-09',
    rows: `SELECT 'T-' || n AS id, DATE '2022-01-04' AS start, DATE '2022-01-04' + n::INTEGER AS "end", 'YE' AS country,
      'Air strike' AS kind, CASE n WHEN 2 THEN 'A bridge is likely hit' END AS title, 'Long text ' || n AS summary,
      'Old Town' AS place, 'Capital' AS admin1, 'Daily Paper' AS source, CASE n WHEN 3 THEN 'TLP:RED' END AS marking
      FROM range(4) AS t(n)`,
  };
  const later: TestImport = {
    knownOn: '2022-01-10',
    rows: `SELECT 'T-late' AS id, DATE '2022-01-04' AS start, 'YE' AS country`,
  };
  const cites = (...ids: readonly string[]) => ({
    'brief.hbs': `{{#> page}}{{#each rows.gravest}}<p>A strike hit {{place}}.{{cite id}}</p>{{/each}}
      <p>Another one followed.${ids.map((id) => `{{cite "${id}"}}`).join('')}</p>{{/page}}`,
    'brief.yaml': yaml
      .replace('week: week.sql, total: total.sql', 'gravest: gravest.sql')
      .replace(/evidence:\n.*\n/, ''),
    'gravest.sql': `SELECT id, place FROM incidents WHERE id = 'T-0'`,
  });

  test('has an endnote of its own, and its row is attached', async () => {
    const { make, repository } = await projectWith([rows, later], cites('T-1', 'T-2'));
    const { html, pdf, manifest } = await make();
    const { text } = readPage(html);
    expect(text).toContain('Air strike, Old Town, Capital, Yemen, 4 January 2022 (row attached, hash ');
    expect(text).toContain('Air strike, Old Town, Capital, Yemen, 4–5 January 2022 (');
    expect(text).toContain('“A bridge is likely hit”, Old Town, Capital, Yemen, 4–6 January 2022 (');
    expect(text).toMatch(/January 2022 \(row.*\)\sincident\sDaily Paper ← Test feed/);
    expect(text).toContain('Attribution: Data by the test feed.');
    expect(text).not.toContain('Long text');
    expect(manifest.evidence.map(({ sha256, ...each }) => [each, sha256.length])).toEqual(
      ['T-0', 'T-1', 'T-2'].map((name, index) => [
        {
          name,
          query: null,
          rows: 1,
          count: 1,
          start: '2022-01-04',
          end: `2022-01-0${4 + index}`,
          attached: 'rows',
        },
        64,
      ]),
    );
    const attached = await attachedIn(pdf);
    expect(Object.keys(attached)).toEqual(['cited-incidents.csv', 'manifest.json']);
    const lines = attached['cited-incidents.csv']?.trimEnd().split('\r\n') ?? [];
    expect(lines).toHaveLength(4);
    expect(lines[1]).toMatch(/^T-0,.*Long text 0/);
    expect(explained(await explain(pdf, { phrase: 'Another one', repository }))).toContain(
      'T-1 in incidents, known on 2022-01-09: Air strike, Old Town, Capital, Yemen, 4–5 January 2022',
    );
  });

  test('whose licence keeps its row back is not attached', async () => {
    const { make } = await projectWith([{ ...rows, record: acled }], cites('T-2'));
    const { html, pdf, manifest } = await make();
    const { text } = readPage(html);
    expect(text).toMatch(/January 2022 \(hash [0-9a-f]{12}…\)/);
    expect(text).toContain('Daily Paper ← ACLED');
    expect(text).toContain('Attribution: Data by ACLED, acleddata.com.');
    expect(manifest.evidence.map(({ name, attached }) => `${name} ${attached}`)).toEqual([
      'T-0 ids',
      'T-2 ids',
    ]);
    const attached = await attachedIn(pdf);
    expect(Object.keys(attached)).toEqual(['manifest.json']);
    expect(JSON.stringify(attached)).not.toContain('Long text');
  });

  test.each([
    ['that does not exist', 'T-nope'],
    ['known after the cut-off', 'T-late'],
    ['marked above the brief', 'T-3'],
  ])('%s cannot be cited', async (_, id) => {
    const { make } = await projectWith([rows, later], cites(id));
    await expect(make()).rejects.toMatchObject({
      code: 'citation-unknown',
      faults: [{ problem: `No row "${id}" is known by the cut-off.` }],
    });
  });

  test('that was tampered with since fails the proof', async () => {
    const { make, repository, folder } = await projectWith([rows], cites('T-1'));
    const { pdf } = await make();
    const check = () => verify(pdf, { beside: null, recordsOf: () => Promise.resolve([]), repository });
    expect(await check()).toMatchObject({ verdict: 'identical', differences: [] });
    await writeIncidents(join(folder, 'data/incidents'), [
      { ...rows, rows: rows.rows.replace(`'Old Town'`, `CASE n WHEN 1 THEN 'New Town' ELSE 'Old Town' END`) },
    ]);
    expect(await check()).toMatchObject({
      verdict: 'differs',
      differences: expect.arrayContaining([
        {
          kind: 'evidence',
          name: 'T-1',
          change: 'changed',
          says: 'The incident "T-1" has another row than the edition cited.',
        },
      ]),
    });
  });
});
