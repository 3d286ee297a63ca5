import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Correction } from '../../src/dataset/corrections.ts';
import type { Printer } from '../../src/pdf/browser/print.ts';
import { produce } from '../../src/production/produce.ts';
import { verify } from '../../src/production/verify.ts';
import { inputsOf } from '../../src/provenance/inputs.ts';
import { incidentProject } from '../support/incident-project.ts';
import { type TestImport, writeIncidents } from '../support/incident-store.ts';
import { readPage } from '../support/page.ts';
import { openWarmPrinter } from '../support/printer.ts';

let printer: Printer;
beforeAll(async () => {
  printer = await openWarmPrinter();
});
afterAll(() => printer[Symbol.asyncDispose]());

const first: TestImport = {
  knownOn: '2022-01-09',
  rows: `SELECT 'T-' || i AS id, DATE '2022-01-03' + (i % 7)::INTEGER AS start, 'YE' AS country FROM range(9) AS t(i)`,
};
const second: TestImport = {
  knownOn: '2022-01-12',
  rows: `SELECT 'T-' || i AS id, DATE '2022-01-01' AS start, 'YE' AS country FROM range(2) AS t(i)
    UNION ALL SELECT 'T-new', DATE '2022-01-04', 'YE'`,
  replaced: `SELECT 'T-' || i AS id, 1 AS "import" FROM range(2) AS t(i)`,
};
const third: TestImport = {
  knownOn: '2022-01-15',
  rows: `SELECT 'T-5' AS id, DATE '2022-01-01' AS start, 'YE' AS country`,
  replaced: `SELECT 'T-5' AS id, 1 AS "import"`,
};
const files = {
  'brief.yaml': `title: Test
subject: A test
dataset: incidents
schedule: { cron: '0 6 * * MON', timezone: UTC }
period: P7D
marking: TLP:CLEAR
queries: { week: week.sql, days: days.sql }
evidence:
  week: { rows: week }
limits: { pages: 4, megabytes: 3, seconds: 60 }
golden:
  - { asOf: '2022-01-09' }
`,
  'brief.hbs': `{{#> page}}
<h2>Incidents</h2>
<p>There were {{figure "week" "count"}} incidents.{{cite "week"}}</p>
{{#each rows.days}}<p>The days covered are {{days}}.{{cite cites}}</p>{{/each}}
{{/page}}
`,
  'week.sql': `SELECT id, start FROM incidents WHERE start BETWEEN $period_start AND $as_of`,
  'days.sql': `SELECT sum("end" - start + 1) AS days, ['week'] AS cites FROM incident_coverage WHERE country IS NULL`,
};
const correction: Correction = {
  revision: 2,
  asOf: '2022-01-13',
  replaces: { edition: 'test/2022-01-09', revision: 1, asOf: null },
  rows: [],
  incidents: { first: 1, last: 2, sets: [{ name: 'week', revised: 2, withdrawn: 0, was: 9 }] },
};

test('the first issue and its revision can each be generated again, whatever was imported since', async () => {
  const project = await incidentProject({ imports: [first, second], files, printer });
  const { repository, request, folder } = project;
  const revision = async () => ({ ...(await request('2022-01-09')), correction });
  const material = await repository.loadMaterial();
  const issue = await produce(await request('2022-01-09'), repository.effects, material);
  const revised = await produce(await revision(), repository.effects, material);
  expect(readPage(issue.html).text).toContain('There were 9 incidents.');
  const { text } = readPage(revised.html);
  expect(text).toContain('There were 7 incidents.');
  expect(text).toContain(
    'Test feed, 7 incidents in Yemen, 3–9 January 2022 (9 before): 2 revised, 0 withdrawn',
  );
  // A correction does not extend what the first issue covered.
  const covered = /The days covered are (\d+)/;
  expect(covered.exec(text)?.[1]).toBe(covered.exec(readPage(issue.html).text)?.[1]);
  const inputs = async () => inputsOf(await revision(), { engine: '', material: '', formats: ['pdf'] });
  const before = await inputs();

  await writeIncidents(join(folder, 'data/incidents'), [first, second, third]);
  expect(await inputs()).toBe(before);
  const check = (pdf: Uint8Array) =>
    verify(pdf, { beside: null, recordsOf: () => Promise.resolve([]), repository });
  for (const { pdf } of [issue, revised])
    expect(await check(pdf)).toMatchObject({ verdict: 'identical', differences: [], alterations: [] });

  // The correction was tampered with.
  const other = { ...second, rows: second.rows.replace('2022-01-01', '2022-01-04') };
  await writeIncidents(join(folder, 'data/incidents'), [first, other, third]);
  expect(await check(issue.pdf)).toMatchObject({ verdict: 'identical' });
  expect(await check(revised.pdf)).toMatchObject({
    verdict: 'differs',
    differences: expect.arrayContaining([
      expect.objectContaining({ kind: 'evidence', name: 'week', change: 'changed' }),
    ]),
  });
});
