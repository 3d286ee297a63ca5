import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProject } from './support/cli.ts';
import { writeIncidents } from './support/incident-store.ts';
import { acledEvent, csv, ucdpEvent } from './support/incidents.ts';
import { bundleOf, stixObject } from './support/stix.ts';
import { swapText } from './support/product.ts';

const project = await openProject();
afterAll(() => project[Symbol.asyncDispose]());
const text = (file: string) => readFile(join(project.folder, file), 'utf8');
// The tests themselves may run under CI, where nothing is accepted.
const atADesk = { CI: '' };
const under = async (folder: string) =>
  (await readdir(join(project.folder, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(project.folder.length + 1))
    .toSorted();

beforeAll(async () => {
  // A team's repository: no briefs of ours, and nothing that comes with the program.
  await rm(join(project.folder, 'templates'), { recursive: true });
  const { status, stderr } = await project.sitrep('new border-incidents', atADesk);
  if (status !== 0) throw new Error(stderr);
});

describe('new', () => {
  test('makes a brief that passes check and test at once, and that generate makes', async () => {
    expect(await under('templates')).toEqual(
      ['brief.hbs', 'brief.yaml', 'by_topic.sql', 'by_topic.vl.json', 'reports.sql'].map(
        (name) => `templates/border-incidents/${name}`,
      ),
    );
    const definition = await text('templates/border-incidents/brief.yaml');
    expect(definition).toContain('Border incidents');
    for (const file of await under('templates')) expect(await text(file)).not.toMatch(/@[A-Z_]+@/);
    // The schema that the editor completes by does exist.
    const [, schema = ''] = /\$schema=(\S+)/.exec(definition) ?? [];
    await readFile(join(project.folder, 'templates/border-incidents', schema));
    const [check, same, made] = [
      await project.call('check'),
      await project.call('test'),
      await project.call('generate --format html'),
    ];
    expect(check).toMatchObject({ status: 0, stderr: '' });
    expect(check.stdout).toContain('No errors in 1 dataset, 1 brief and 1 edition:');
    // Its dataset was made for other briefs.
    expect(check.stdout).toMatch(
      /No brief has the finding or evidence set "pause", so every brief leaves out X-isis-2/,
    );
    expect(same).toEqual({ status: 0, stderr: '', stdout: '  border-incidents: as accepted\n' });
    expect(made.status).toBe(0);
  });

  test('makes a brief on incidents, for a dataset that has nothing else', async () => {
    await mkdir(join(project.folder, 'data/feed'), { recursive: true });
    const rows = `SELECT 'T-' || i AS id, DATE '2022-01-09' - (i % 90)::INTEGER AS start, ['A side'] AS side_a,
      'CO' AS country, 4.0 + i % 3 AS lat, -74.0 AS lon FROM range(300) AS t(i)`;
    const record = { last_day: '2022-01-09', countries: ['CO'] };
    await writeIncidents(join(project.folder, 'data/feed'), [{ knownOn: '2022-01-09', rows, record }]);
    const made = await project.call('new watch --from activity-watch --dataset feed', atADesk);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toContain('as of 2022-01-09');
    const [check, html] = [
      await project.call('check'),
      await project.call('generate watch --format html --as-of 2022-01-09'),
    ];
    expect(check).toMatchObject({ status: 0, stderr: '' });
    expect(html.status).toBe(0);
    // On a day before any incident, too.
    expect((await project.call('generate watch --format html --as-of 2019-01-06')).status).toBe(0);
    await rm(join(project.folder, 'templates/watch'), { recursive: true });
    await rm(join(project.folder, 'data/feed'), { recursive: true });
    await rm(join(project.folder, 'test/golden/watch'), { recursive: true });
  }, 120_000);

  test('makes a brief on reports, for a dataset that imported some and has no events', async () => {
    const report = stixObject('report', 2, { name: 'On Red Fox', published: '2024-03-05T00:00:00Z' });
    await writeFile(join(project.folder, 'bundle.json'), bundleOf([report]));
    const imported = await project.sitrep('import stix bundle.json --into data/reports');
    expect(imported).toMatchObject({ status: 0, stderr: '' });
    const made = await project.call('new received --dataset reports', atADesk);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(await text('templates/received/brief.hbs')).toContain('<h2>Reports received</h2>');
    for (const each of ['templates/received', 'data/reports', 'test/golden/received'])
      await rm(join(project.folder, each), { recursive: true });
  }, 120_000);

  test('makes a brief on an old export as of the day by which all of it was reported', async () => {
    await mkdir(join(project.folder, 'data/old'), { recursive: true });
    const rows = `SELECT 'T-' || i AS id, DATE '2022-01-09' - (i % 90)::INTEGER AS start, ['A side'] AS side_a,
      'CO' AS country, 'A division with quite a long name, of ' || repeat('several words ', 3) AS admin1
      FROM range(300) AS t(i)`;
    const record = { first_day: '2021-10-12', last_day: '2022-01-09', lag_days: 7, countries: ['CO'] };
    await writeIncidents(join(project.folder, 'data/old'), [{ knownOn: '2024-02-01', rows, record }]);
    const made = await project.call('new old --from activity-watch --dataset old', atADesk);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toContain('as of 2022-01-16');
    const config = await text('templates/old/brief.yaml');
    expect(config).toMatch(/^period: '?P14D'?$/m);
    expect(config).toContain('by: both, lag: 7, coverage: coverage }');
    const { stdout } = await project.call('generate old --format html');
    expect(stdout).toContain('As of 2022-01-16, the last day of the incidents, and their reporting lag.');
    const page = await text('output/old/2022-01-16/old-2022-01-16.html');
    expect(page).toContain('or from its end plus the reporting lag of its source');
    expect(page).toContain('Between 3 January 2022 and 9 January 2022,');
    expect(page).toContain('no series not covered');
    expect(page).not.toContain('The newest import');
    for (const each of ['templates', 'data', 'test/golden'])
      await rm(join(project.folder, each, 'old'), { recursive: true });
  }, 120_000);

  test('makes a brief that passes its gate on a day when nothing is known', async () => {
    const made = await project.call('generate border-incidents --format html --as-of 2010-01-01');
    expect(made.stderr).not.toContain('edition-held');
    expect(made.status).toBe(0);
    const html = await text('output/border-incidents/2010-01-01/border-incidents-2010-01-01.html');
    expect(html).toContain('We have no reporting on this.');
  });

  test.each([
    ['border-incidents', 'templates/border-incidents: The folder exists already.'],
    ['Border', 'cannot be the name of a brief'],
    ['_shared', 'cannot be the name of a brief'],
    ['../up', 'cannot be the name of a brief'],
    ['other --dataset nowhere', 'There is no dataset "nowhere" in data/.'],
    ['watch --from activity-watch', 'has no incidents'],
  ])('refuses %s', async (args, problem) => {
    const before = await under('templates');
    const { status, stderr } = await project.call(`new ${args}`);
    expect(status).toBe(1);
    expect(stderr).toContain(problem);
    expect(await under('templates')).toEqual(before);
  });
});

describe('init', () => {
  // That it passes check and test and generates is checked by the tutorial below and by scripts/test-package.ts.
  test('creates a project with a brief, data and a dependency on this program', async () => {
    const made = await project.sitrep('init own/desk', atADesk);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    const files = await under('own/desk');
    expect(
      files.map((file) => file.replace('own/desk/', '')).filter((file) => !file.startsWith('test/')),
    ).toEqual([
      '.gitignore',
      'README.md',
      'data/example/datapackage.json',
      'data/example/events.csv',
      'package.json',
      'sitrep.yaml',
      ...['brief.hbs', 'brief.yaml', 'by_topic.sql', 'by_topic.vl.json', 'reports.sql'].map(
        (name) => `templates/weekly/${name}`,
      ),
    ]);
    for (const file of files.filter((each) => !each.endsWith('.html'))) {
      expect(made.stdout + files.filter((each) => each.includes('/test/')).join('')).toContain(file);
      expect(await text(file)).not.toMatch(/@[A-Z_0-9]+@/);
    }
    const { name, dependencies } = JSON.parse(await text('own/desk/package.json'));
    // A checkout is named by its path.
    expect({ name, dependencies }).toEqual({
      name: 'desk',
      dependencies: { sitrep: `file:${join(import.meta.dirname, '..')}` },
    });
    expect(await text('own/desk/templates/weekly/brief.yaml')).toContain(
      '$schema=../../node_modules/sitrep/templates/brief.schema.json',
    );
  });

  test('with the tables of the tutorial, its commands work', async () => {
    const tutorial = await readFile(join(import.meta.dirname, '../docs/tutorial.md'), 'utf8');
    const block = (language: string) =>
      new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(tutorial)?.[1] ?? '';
    await project.write('own/desk/data/floods/events.csv', block('csv'));
    await project.write('own/desk/data/floods/datapackage.json', block('json'));
    const days = Array.from({ length: 120 }, (_, index) =>
      new Date(Date.UTC(2024, 0, index + 1)).toISOString().slice(0, 10),
    );
    const events = days.map((day, index) => acledEvent({ event_id_cnty: `FRA${index}`, event_date: day }));
    await project.write('own/export.csv', csv(events));
    await project.write('own/newer.csv', csv(events.slice(1)));
    await project.write(
      'own/GEDEvent.csv',
      csv(days.map((day, index) => ucdpEvent({ id: String(index), date_start: day, date_end: day }))),
    );
    const [german = ''] = /^source: Lagebuch\n[^]*?(?=^```)/m.exec(tutorial) ?? [];
    const header = 'Nr;Datum;Art;Täter;Land;Kreis;Ort;Breite;Länge;Tote;Beschreibung';
    const list = days.map(
      (day, index) =>
        `${index};${day.split('-').toReversed().join('.')};Brand;Bande;Deutschland;Uelzen;Uelzen;52,96;10,56;0;Feuer`,
    );
    await project.write('own/log.csv', [header, ...list, ''].join('\n'));
    const commands = [...tutorial.matchAll(/^npx sitrep (.*)$/gm)].map(([, args = '']) => args);
    expect(commands.length).toBeGreaterThan(17);
    for (const line of commands) {
      if (/^(init|preview) /.test(line)) continue;
      const [args = '', into] = line.split(' > ');
      const { status, stderr } = await project.call(args, atADesk, {
        folder: join(project.folder, 'own/desk'),
      });
      expect([args, status, stderr]).toEqual([args, 0, '']);
      if (into !== undefined) await project.write(`own/desk/${into}`, german);
    }
    expect(german).toContain('Deutschland: Germany');
    for (const brief of ['watch', 'fatal', 'log'])
      expect((await under(`own/desk/output/${brief}`)).filter((file) => file.endsWith('.pdf'))).toHaveLength(
        1,
      );
    const html = await text('own/desk/output/flood-week/2025-03-09/flood-week-2025-03-09.html');
    for (const words of ['23 houses', '40 cm of water', '7.5 tonnes']) expect(html).toContain(words);
    // What "new" kept shows the rows too.
    expect(await text('own/desk/test/golden/flood-week/2025-03-07/brief.html')).toContain('23 houses');
  });

  test('a brief on a dataset without rows passes its own check', async () => {
    await project.write('own/desk/data/none/events.csv', 'id,known_on,topic,date_start,title,summary\n');
    await project.write(
      'own/desk/data/none/datapackage.json',
      JSON.stringify({ name: 'none', resources: [{ name: 'events', path: 'events.csv' }] }),
    );
    const at = { folder: join(project.folder, 'own/desk') };
    const made = await project.call('new empty --dataset none', atADesk, at);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    const checked = await project.call('check', atADesk, at);
    expect(checked).toMatchObject({ status: 0, stderr: '' });
  });

  test('refuses a folder that is not empty, and leaves it as it is', async () => {
    await project.write('taken/notes.txt', 'mine');
    const { status, stderr } = await project.call('init taken');
    expect(status).toBe(1);
    expect(stderr).toContain(
      'sitrep: taken: The folder is not empty. Name one that is empty or does not exist yet.',
    );
    expect(await under('taken')).toEqual(['taken/notes.txt']);
  });
});

describe('test', () => {
  const golden = 'test/golden/border-incidents/2021-08-25/brief.html';

  test('shows what differs by file and line, and accepts it with --update', async () => {
    const accepted = await text(golden);
    const template = await text('templates/border-incidents/brief.hbs');
    await project.write(
      'templates/border-incidents/brief.hbs',
      swapText(template, 'What is reported', 'What was seen'),
    );
    const line = accepted.split('\n').findIndex((each) => each.includes('What is reported')) + 1;
    const differs = await project.sitrep('test border-incidents');
    expect(differs.status).toBe(1);
    expect(differs.stdout).toContain(`@@ ${golden}:${line} @@`);
    expect(differs.stdout).toMatch(
      /\n- +<h2>What is reported<\/h2>\n\+ +<h2>What was seen<\/h2>\n {2}[^]*1 file differs\n/,
    );
    expect(differs.stdout).not.toContain('\u001B');
    expect(differs.stderr).toContain(`sitrep: ${golden}: It differs from the accepted file.`);
    expect(differs.stderr).toContain('npx sitrep test border-incidents --update');
    expect(await text(golden)).toBe(accepted);

    expect(await project.call('test --update', { CI: 'true' })).toMatchObject({ status: 1, stdout: '' });
    expect(await text(golden)).toBe(accepted);
    const updated = await project.call('test --update', atADesk);
    expect(updated).toMatchObject({ status: 0, stderr: '' });
    expect(await text(golden)).toContain('What was seen');
    expect(await project.call('test')).toMatchObject({ status: 0 });
  });

  test('knows what is no golden of any brief', async () => {
    const stray = 'test/golden/gone/2021-08-25/brief.html';
    await project.write(stray, 'x');
    const found = await project.call('test');
    expect(found.status).toBe(1);
    expect(found.stderr).toContain(`${stray}: No golden edition produces it any more.`);
    await project.call('test --update', atADesk);
    expect(await under('test/golden')).not.toContain(stray);
  });

  test('says what is wrong with a brief, and an unknown one', async () => {
    const sql = await text('templates/border-incidents/reports.sql');
    await project.write('templates/border-incidents/reports.sql', 'SELECT nope FROM events');
    const broken = await project.call('test');
    await project.write('templates/border-incidents/reports.sql', sql);
    expect(broken.status).toBe(1);
    expect(broken.stderr).toMatch(/reports\.sql, line 1: .*nope/);
    const unknown = await project.call('test nothing');
    expect(unknown.stderr).toContain('There is no brief "nothing".');
  });
});
