import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { sendDelivery } from '../../src/delivery/send-alerts.ts';
import { makeEdition } from '../../src/scheduler/make-edition.ts';
import { temporaryFolder } from '../support/dataset.ts';
import { commandsOn, openHouse, refusalOf, standIn } from '../support/house.ts';
import { type TestImport, writeIncidents } from '../support/incident-store.ts';
import { asked } from '../support/ledger-samples.ts';
import { useLedgers } from '../support/ledger.ts';
import { readPage } from '../support/page.ts';

/** Corrections of delivered editions that cite incidents, after imports that revise and withdraw them. */
const ledgers = useLedgers();
const signal = new AbortController().signal;
const id = 'incident-week/2022-01-09';

const brief = {
  'brief.yaml': standIn(`title: Incidents of the week
subject: A test
dataset: incidents
schedule: { cron: '0 6 * * MON', timezone: UTC }
period: P7D
marking: TLP:CLEAR
queries: { week: week.sql, gravest: gravest.sql }
evidence:
  week: { rows: week }
limits: { pages: 4, megabytes: 3, seconds: 60 }
deliver:
  - folder: archive
golden:
  - { asOf: '2022-01-09' }
`),
  'brief.hbs': `{{#> page}}
<h2>Incidents</h2>
<p>There were {{figure "week" "count"}} incidents.{{cite "week"}}</p>
{{#each rows.gravest}}<p>The gravest was in {{place}}.{{cite id}}</p>{{/each}}
{{/page}}
`,
  'week.sql': `SELECT id, start, number FROM incidents WHERE country = 'YE' AND start BETWEEN $period_start AND $as_of`,
  'gravest.sql': `SELECT id, place FROM incidents WHERE place IS NOT NULL`,
};

const rows = (...values: readonly string[]) =>
  `SELECT id, start::DATE AS start, 'YE' AS country, number, place, status
  FROM (VALUES ${values.join(', ')}) AS v(id, start, number, place, status)`;
const replacing = (...values: readonly string[]) =>
  `SELECT * FROM (VALUES ${values.join(', ')}) AS v(id, "import")`;
const first: TestImport = {
  knownOn: '2022-01-09',
  rows: rows(
    `('T-moved', '2022-01-03', 1, NULL, 'current')`,
    `('T-withdrawn', '2022-01-04', 1, NULL, 'current')`,
    `('T-revised', '2022-01-05', 1, NULL, 'current')`,
    `('T-same', '2022-01-06', 1, NULL, 'current')`,
    `('T-gravest', '2022-01-07', 1, 'Old Town', 'current')`,
  ),
};
const second: TestImport = {
  knownOn: '2022-01-12',
  rows: rows(
    `('T-moved', '2022-01-02', 1, NULL, 'current')`,
    `('T-withdrawn', '2022-01-04', 1, NULL, 'withdrawn')`,
    `('T-revised', '2022-01-05', 3, NULL, 'current')`,
    `('T-new', '2022-01-05', 50, NULL, 'current')`,
  ),
  replaced: replacing(`('T-moved', 1)`, `('T-withdrawn', 1)`, `('T-revised', 1)`),
};
const third: TestImport = {
  knownOn: '2022-01-15',
  rows: rows(
    `('T-revised', '2022-01-05', 4, NULL, 'current')`,
    `('T-gravest', '2022-01-07', 1, 'New Town', 'current')`,
    `('T-new', '2022-01-05', 60, NULL, 'current')`,
  ),
  replaced: replacing(`('T-revised', 2)`, `('T-gravest', 1)`, `('T-new', 2)`),
};

/** A site at which the first edition was made and delivered. `add` writes the dataset with more imports. */
async function openSite(
  imports: readonly TestImport[] = [first],
  files: Readonly<Record<string, string>> = brief,
) {
  const opened = new AsyncDisposableStack();
  const ledger = opened.use(await (await ledgers.fresh()).open());
  const house = await openHouse(ledger);
  const folder = join(house.templates, 'incident-week');
  await mkdir(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const data = await temporaryFolder();
  const load = { loadDataset: () => loadDataset(data, 'data/incidents') };
  Object.assign(house.context, load);
  Object.assign(house.forEditions, load);
  await writeIncidents(data, imports);
  let job = 0;
  const work = async () => {
    for (const edition of await ledger.editions({ state: 'queued' }))
      await makeEdition({ id: edition.id, job: `make-${(job += 1)}`, signal }, house.forEditions);
    for (const delivery of await ledger.deliveries({ state: 'pending' }))
      await sendDelivery({ id: delivery.id, job: `send-${(job += 1)}`, signal }, house.forDelivery);
  };
  house.time = new Date('2022-01-10T06:00:00Z');
  await ledger.request([asked({ brief: 'incident-week', asOf: '2022-01-09' })], house.time);
  await work();
  return {
    house,
    ask: commandsOn(house.context),
    work,
    add: (...more: readonly TestImport[]) => writeIncidents(data, [...imports, ...more]),
    textOf: async (edition: string) =>
      readPage(await readFile(join(house.out, edition, `${edition.replace('/', '-')}.html`), 'utf8')).text,
    manifestOf: async (edition: string) => house.context.readManifest(join(house.out, edition)),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

test('a revision shows the incidents as corrected, and each further one what changed since', async () => {
  await using site = await openSite();
  const { house, ask, work, add, textOf, manifestOf } = site;
  expect(await textOf(id)).toContain('There were 5 incidents.');
  await add(second, third);
  house.time = new Date('2022-01-20T06:00:00Z');

  const r2 = await ask.reissue(id, '2022-01-13');
  const line = 'Test feed, 5 incidents in Yemen, 5–7 January 2022: 2 revised, 1 withdrawn';
  expect(r2).toMatchObject({ edition: `${id}-r2`, asOf: '2022-01-13', recipients: 1, changes: [line] });
  await work();
  const text = await textOf(`${id}-r2`);
  expect(text).toContain('There were 5 incidents.');
  expect(text).toContain('Revision 2 of No. 2022-W01, corrected as of 13 January 2022.');
  expect(text).toContain('It replaces revision 1. Incidents that it counted were corrected:');
  expect(text).toContain(line);
  expect(text).toContain('The gravest was in Old Town.');
  const manifest = await manifestOf(`${id}-r2`);
  expect(manifest?.incidents).toEqual({ import: 1, known_on: '2022-01-09' });
  expect(manifest?.correction?.incidents).toEqual({
    first: 1,
    last: 2,
    sets: [{ name: 'week', revised: 2, withdrawn: 1, was: 5 }],
  });
  expect(manifest?.correction?.changes).toEqual([
    { id: 'week', table: 'incidents', change: 'revised', known_on: '2022-01-13', text: line },
  ]);

  const [listed] = await ask.correctable();
  expect(listed).toMatchObject({ edition: `${id}-r2`, problem: null });
  const r3 = await ask.reissue(id);
  expect(r3).toMatchObject({ edition: `${id}-r3`, replaces: `${id}-r2`, asOf: '2022-01-20' });
  expect(r3.changes).toEqual([
    'Test feed, 6 incidents in Yemen, 5–7 January 2022 (5 before): 2 revised, 0 withdrawn',
    'revised: incident, New Town, Yemen, 7 January 2022 (T-gravest)',
  ]);
  expect(listed?.changes).toEqual(r3.changes);
  await work();
  expect(await textOf(`${id}-r3`)).toContain('The gravest was in New Town.');
  expect((await manifestOf(`${id}-r3`))?.correction?.incidents).toMatchObject({ first: 1, last: 3 });
  expect(await refusalOf(ask.reissue(id))).toMatchObject({
    faults: [{ problem: `No row of ${id}-r3 was revised or withdrawn by 2022-01-20.` }],
  });
  expect(await textOf(id)).toContain('There were 5 incidents.');
});

test('new incidents, and corrections of them, are no reason for a revision', async () => {
  await using site = await openSite();
  const { house, ask, add } = site;
  const added = { knownOn: '2022-01-12', rows: rows(`('T-new', '2022-01-05', 1, NULL, 'current')`) };
  const changed = { ...added, knownOn: '2022-01-13', replaced: replacing(`('T-new', 2)`) };
  await add(added, changed);
  house.time = new Date('2022-01-20T06:00:00Z');
  expect(await ask.correctable()).toEqual([]);
  expect(await refusalOf(ask.reissue(id))).toMatchObject({
    code: 'operation-refused',
    faults: [{ problem: `No row of ${id} was revised or withdrawn by 2022-01-20.` }],
  });
});

test('an incident that is cited alone and withdrawn is named by its id', async () => {
  await using site = await openSite();
  const { house, ask, work, add, textOf } = site;
  await add({
    knownOn: '2022-01-12',
    rows: rows(`('T-gravest', '2022-01-07', 1, NULL, 'withdrawn')`),
    replaced: replacing(`('T-gravest', 1)`),
  });
  house.time = new Date('2022-01-20T06:00:00Z');
  const { edition, changes } = await ask.reissue(id);
  expect(changes).toEqual([
    'Test feed, 4 incidents in Yemen, 3–6 January 2022 (5 before): 0 revised, 1 withdrawn',
    'withdrawn: incident (T-gravest)',
  ]);
  await work();
  expect((await house.context.ledger.edition(edition))?.state).toBe('done');
  expect(await textOf(edition)).not.toContain('The gravest');
});

test('an incident that only the figures of activity count is a reason if they change in print', async () => {
  const compared = {
    ...brief,
    'brief.yaml': brief['brief.yaml']
      .replace('gravest: gravest.sql }', 'gravest: gravest.sql, counts: counts.sql, covered: covered.sql }')
      .replace(
        'limits:',
        'findings: { watch: { kind: activity, rows: counts, by: place, coverage: covered } }\nlimits:',
      ),
    'brief.hbs': brief['brief.hbs'].replace(
      '{{/page}}',
      '{{#each findings.watch.rows}}<p>{{text}}{{cite "week"}}</p>{{/each}}\n{{/page}}',
    ),
    'counts.sql': `SELECT country AS place, start, "end", count(*) AS count FROM incidents GROUP BY ALL`,
    'covered.sql': `SELECT DATE '2021-01-01' AS start, NULL::DATE AS "end"`,
  };
  const old = (from: number, { status = 'current', number = 1 } = {}) =>
    Array.from({ length: 30 }, (_, index) => {
      const day = new Date(Date.UTC(2021, 9, 10 + 2 * index)).toISOString().slice(0, 10);
      return `('T-old-${from + index}', '${day}', ${number}, NULL, '${status}')`;
    });
  const ids = (number: number) => old(0).map((_, index) => `('T-old-${index}', ${number})`);
  await using site = await openSite(
    [{ ...first, rows: `${first.rows} UNION ALL ${rows(...old(0), ...old(30))}` }],
    compared,
  );
  const { house, ask, work, add, textOf, manifestOf } = site;
  expect(await textOf(id)).toContain('5 reported in seven days, 4.6 expected.');
  // A number that the counts do not use.
  const unused = {
    knownOn: '2022-01-12',
    rows: rows(...old(0, { number: 2 })),
    replaced: replacing(...ids(1)),
  };
  await add(unused);
  house.time = new Date('2022-01-20T06:00:00Z');
  expect(await ask.correctable()).toEqual([]);

  const status = 'withdrawn';
  await add(unused, { ...unused, rows: rows(...old(0, { status })), replaced: replacing(...ids(2)) });
  const line = 'Comparison with earlier days, whose figures changed';
  expect(await ask.correctable()).toEqual([{ edition: id, changes: [line], problem: null }]);
  const { edition, changes } = await ask.reissue(id);
  expect(changes).toEqual([line]);
  await work();
  const text = await textOf(edition);
  expect(text).toContain(line);
  expect(text).toContain('5 reported in seven days, 2.3 expected.');
  expect((await manifestOf(edition))?.correction?.changes).toEqual([
    { id: 'watch', table: 'incidents', change: 'revised', known_on: '2022-01-20', text: line },
  ]);
  expect(await ask.correctable()).toEqual([]);
});
