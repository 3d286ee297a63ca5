import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { resolveDay } from '../src/calendar.ts';
import { manifest } from '../src/render/manifest.ts';
import { minimalConfig } from './support/brief-of.ts';
import { openProject } from './support/cli.ts';
import { add, apply, clear, set } from './support/dataset.ts';
import { swapText } from './support/product.ts';

import packageJson from '../package.json' with { type: 'json' };

const base = join(import.meta.dirname, 'input/datasets/base');
const project = await openProject();
afterAll(() => project[Symbol.asyncDispose]());

/** The lines of what was told, without the last line that counts them. */
const faultLines = (stderr: string): string[] =>
  stderr.split('\n').filter((line) => line.startsWith('sitrep: '));
/** All but the lock that each folder of a brief keeps. */
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((file) => !file.endsWith('/.store/lock'))
    .toSorted();
const out = (name: string) => join(project.folder, name);

test('a reader who has had enough is no fault', async () => {
  const program = join(import.meta.dirname, '../src/main.ts');
  const child = spawn(process.execPath, [program, 'list'], { cwd: project.folder, env: process.env });
  child.stdout.destroy();
  const [stderr, [status]] = await Promise.all([textOf(child.stderr), once(child, 'close')]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('an older Node starts the packaged one', async () => {
  const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })`;
  const program = join(import.meta.dirname, '../bin/sitrep.js');
  const started = ['--import', `data:text/javascript,${older}`, program];
  const run = async (...args: string[]) => {
    const child = spawn(process.execPath, [...started, ...args], { cwd: project.folder });
    const [stdout, stderr, [status]] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      once(child, 'close'),
    ]);
    return { status, stdout, stderr };
  };
  expect(await run('--version')).toEqual({ status: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  expect(await run('nonsense')).toMatchObject({ status: 2, stderr: expect.stringContaining('nonsense') });
});

test('--help and --version', async () => {
  const [help, version, ofGenerate, bare] = await Promise.all([
    project.sitrep('--help'),
    project.call('--version'),
    project.call('generate --help'),
    project.call('nonsense'),
  ]);
  expect(help.status).toBe(0);
  for (const command of ['generate', 'list', 'check']) expect(help.stdout).toContain(`  ${command}`);
  expect(version).toEqual({ status: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  expect(ofGenerate.stdout).toMatch(
    /--as-of <date>[^]*--out <dir>[^]*--format <list>[^]*--paper <size>[^]*--param <name=value>[^]*--force/,
  );
  expect(bare.status).not.toBe(0);
  expect(bare.stderr).toMatch(/unknown command 'nonsense'[^]*--help/);
});

test('list shows the other briefs when one, or a dataset, has faults', async () => {
  await using other = await openProject();
  await other.write('templates/weekly/brief.yaml', 'title: Weekly');
  await other.write('data/afghanistan-2021/gaps.csv', 'id\n');
  const { status, stdout, stderr } = await other.call('list');
  expect(status).toBe(1);
  expect(stdout).toMatch(/^celebrations .*Europe\/London/m);
  expect(stdout).not.toMatch(/^weekly /m);
  expect(stderr).toMatch(/^sitrep: templates\/weekly\/brief\.yaml, field subject: is missing\. /m);
});

test('list shows when each brief is due next, there and in UTC', async () => {
  await using other = await openProject();
  const yearly = (cron: string, timezone: string) =>
    stringify({ ...minimalConfig, dataset: 'afghanistan-2021', schedule: { cron, timezone } });
  await rm(join(other.folder, 'templates/weekly'), { recursive: true });
  for (const [id, text] of [
    ['kabul', yearly('30 6 1 7 *', 'Asia/Kabul')],
    ['london', yearly('30 6 1 7 *', 'Europe/London')],
  ] as const) {
    await other.write(`templates/${id}/brief.yaml`, text);
    await other.write(`templates/${id}/brief.hbs`, 'x');
  }
  const { status, stdout, stderr } = await other.call('list');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  const line = (id: string) => lines.find((each) => each.startsWith(`${id} `)) ?? '';
  expect(line('actor-sheet')).toContain('Actor sheet (one for each actor)');
  for (const id of ['al-qaeda-ties', 'celebrations', 'isis-quieting']) {
    expect(line(id)).toMatch(/0 6 \* \* MON +Europe\/London +Mon, .*T0[56]:00Z$/);
  }
  // Kabul is four and a half hours ahead all year, London one hour in July.
  expect(line('kabul')).toMatch(/ 1 Jul \d{4}, 06:30 .* \d{4}-07-01T02:00Z$/);
  expect(line('london')).toMatch(/ 1 Jul \d{4}, 06:30 BST +\d{4}-07-01T05:30Z$/);
  const year = Number(/Jul (\d{4})/.exec(line('london'))?.[1]);
  const slot = Date.UTC(year, 6, 1, 5, 30);
  expect(slot).toBeGreaterThan(Date.now());
  expect(slot).toBeLessThan(Date.now() + 366 * 86_400_000);
});

describe('generate', () => {
  test('makes each brief, says what it made, and does not make it again', async () => {
    const first = await project.sitrep('generate isis-quieting celebrations');
    expect(first.stderr).toBe('');
    expect(first.status).toBe(0);
    expect(first.stdout).toContain('As of 2021-08-25, the last day');
    for (const step of [
      'selecting rows',
      'drawing charts',
      'composing the page',
      'sealing the PDF',
      'storing the files',
    ]) {
      expect(first.stdout).toContain(`  isis-quieting: ${step}\n`);
    }
    expect(await filesIn(out('output'))).toEqual(
      [
        ...['isis-quieting', 'celebrations'].flatMap((id) => [
          `${id}/2021-08-25/${id}-2021-08-25.html`,
          `${id}/2021-08-25/${id}-2021-08-25.pdf`,
          `${id}/2021-08-25/manifest.json`,
        ]),
        // The picture for mail is made whatever the format is.
        'isis-quieting/2021-08-25/hero.png',
      ].toSorted(),
    );
    const folder = out('output/isis-quieting/2021-08-25');
    const { pages, files } = manifest.parse(
      JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')),
    );
    expect(first.stdout).toMatch(
      new RegExp(
        `output/isis-quieting/2021-08-25/isis-quieting-2021-08-25\\.pdf +${pages} pages +\\d+\\.\\d s\\n`,
      ),
    );
    const pdf = join(folder, 'isis-quieting-2021-08-25.pdf');
    expect((await readFile(pdf)).subarray(0, 5).toString()).toBe('%PDF-');
    expect(files.map(({ name }) => name)).toContain('isis-quieting-2021-08-25.pdf');

    const other = join(out('output/celebrations/2021-08-25'), 'celebrations-2021-08-25.pdf');
    const before = await stat(other);
    const again = await project.call('generate isis-quieting celebrations');
    for (const id of ['isis-quieting', 'celebrations'])
      expect(again.stdout).toMatch(new RegExp(`${id}-2021-08-25\\.pdf +\\d+ pages? +unchanged`));
    expect(again.stdout).not.toContain(': print');
    expect((await stat(other)).ino).toBe(before.ino);

    const forced = await project.call('generate celebrations --force');
    expect(forced.stdout).toContain('celebrations: print');
    expect(forced.stdout).not.toContain('unchanged');
    expect((await stat(other)).ino).not.toBe(before.ino);

    // A file that was edited is not what was made.
    await writeFile(other, 'edited');
    const remade = await project.call('generate celebrations');
    expect(remade.stdout).toContain('celebrations: print');
    expect((await readFile(other)).subarray(0, 5).toString()).toBe('%PDF-');

    const pdfAlone = await project.call('generate isis-quieting --format pdf');
    expect(pdfAlone.stdout).toContain('isis-quieting: print');
    expect(await filesIn(folder)).toEqual(['hero.png', 'isis-quieting-2021-08-25.pdf', 'manifest.json']);
  });

  test('--as-of warns of a day that is still to come', async () => {
    const made = await project.call('generate celebrations --as-of 2199-01-01 --out later --format html');
    expect(made.status).toBe(0);
    expect(made.stderr).toMatch(
      /^sitrep: 2199-01-01 is in the future: in Europe\/London it is \d{4}-\d\d-\d\d\./,
    );
    const past = await project.call('generate celebrations --as-of 2021-08-16 --out past --format html');
    expect([past.status, past.stderr]).toEqual([0, '']);
  });

  test('--as-of takes a day by its place before today, in the time zone of the brief', async () => {
    // Where it is tomorrow first and last: on most days the two differ.
    const zones = ['Pacific/Kiritimati', 'Pacific/Pago_Pago'];
    for (const [index, timezone] of zones.entries()) {
      const text = await readFile(join(project.folder, 'templates/celebrations/brief.yaml'), 'utf8');
      const id = `zone-${index}`;
      await project.write(`templates/${id}/brief.yaml`, swapText(text, 'Europe/London', timezone));
      const template = await readFile(join(project.folder, 'templates/celebrations/brief.hbs'), 'utf8');
      await project.write(`templates/${id}/brief.hbs`, template);
      for (const query of ['after', 'before', 'undated'])
        await cp(
          join(project.folder, `templates/celebrations/${query}.sql`),
          join(project.folder, `templates/${id}/${query}.sql`),
        );
    }
    for (const name of ['yesterday', 'last-sunday'] as const) {
      const days = (now: Date) => zones.map((timezone) => resolveDay(name, { timezone, now }));
      const before = days(new Date());
      const made = await project.call(`generate zone-0 zone-1 --as-of ${name} --out ${name} --format html`);
      expect([made.status, made.stderr]).toEqual([0, '']);
      const found = (await readdir(out(`${name}/zone-0`))).concat(await readdir(out(`${name}/zone-1`)));
      const wanted = [before, days(new Date())].map(String);
      expect(wanted).toContain(String(found.filter((each) => /^\d{4}/.test(each))));
    }
    await Promise.all(['zone-0', 'zone-1'].map((id) => rm(out(`templates/${id}`), { recursive: true })));
  });

  test('--as-of, --out, --format and --paper', async () => {
    const [html, letter] = await Promise.all([
      project.call('generate celebrations --as-of 2021-08-16 --out html --format html'),
      project.call('generate celebrations --out letter --paper Letter'),
    ]);
    expect(html).toMatchObject({ status: 0, stderr: '' });
    expect(html.stdout).toContain('As of 2021-08-16.\n');
    expect(html.stdout).not.toContain('print');
    expect(await filesIn(out('html'))).toEqual([
      'celebrations/2021-08-16/celebrations-2021-08-16.html',
      'celebrations/2021-08-16/manifest.json',
    ]);
    expect(letter).toMatchObject({ status: 0, stderr: '' });
    const [page = ''] = (await filesIn(out('letter'))).filter((file) => file.endsWith('Letter.html'));
    expect(await readFile(join(out('letter'), page), 'utf8')).toMatch(/size: Letter/);
  });

  test('a brief that fans out: an edition for each row, or the one that is asked for', async () => {
    const [all, one, none] = await Promise.all([
      project.call('generate actor-sheet --as-of 2021-08-22 --format html --out all'),
      project.call('generate actor-sheet --param actor=A-isis-k --format html --out one'),
      project.call('generate actor-sheet --as-of 2019-06-30 --format html --out no-row'),
    ]);
    expect(all).toMatchObject({ status: 0, stderr: '' });
    expect(all.stdout).toContain('  actor-sheet actor=A-aq: storing the files\n');
    expect(await filesIn(out('all'))).toEqual(
      ['A-aq', 'A-taliban'].flatMap((actor) => [
        `actor-sheet/2021-08-22-actor=${actor}/actor-sheet-2021-08-22-actor=${actor}.html`,
        `actor-sheet/2021-08-22-actor=${actor}/manifest.json`,
      ]),
    );
    expect(one).toMatchObject({ status: 0, stderr: '' });
    const folder = 'actor-sheet/2021-08-25-actor=A-isis-k';
    expect(await filesIn(out('one'))).toEqual([
      `${folder}/actor-sheet-2021-08-25-actor=A-isis-k.html`,
      `${folder}/manifest.json`,
    ]);
    const described: unknown = JSON.parse(await readFile(join(out('one'), folder, 'manifest.json'), 'utf8'));
    expect(manifest.parse(described).parameters).toEqual({ actor: 'A-isis-k' });
    expect(none).toEqual({
      status: 0,
      stdout:
        'As of 2019-06-30.\n  actor-sheet: nothing to issue, because its query editions returns no rows\n',
      stderr: '',
    });
    expect(await filesIn(out('no-row'))).toEqual([]);
  });

  test('reports invalid values of parameters together, and writes nothing', async () => {
    const { status, stderr, stdout } = await project.call(
      'generate actor-sheet weekly --param actor=A-isi --param colour=red --out none',
    );
    expect(status).toBe(1);
    expect(faultLines(stderr)).toEqual([
      'sitrep: templates/actor-sheet/brief.yaml, field parameters.colour: There is no parameter "colour". Name one of actor.',
      'sitrep: templates/weekly/brief.yaml, field parameters.actor: There is no parameter "actor". The brief has no parameters.',
      'sitrep: templates/weekly/brief.yaml, field parameters.colour: There is no parameter "colour". The brief has no parameters.',
    ]);
    expect(stdout).toBe('');
    const misspelt = await project.call('generate actor-sheet --param actor=A-isi --out none');
    expect(faultLines(misspelt.stderr)).toEqual([
      expect.stringMatching(
        /There is no edition with actor=A-isi as of 2021-08-25\. There are editions with/,
      ),
    ]);
    expect(await filesIn(out('none'))).toEqual([]);
  });

  test('words that it does not understand are explained, and nothing is written', async () => {
    const cases: [args: string, message: RegExp][] = [
      ['generate wekly --out none', /sitrep: There is no brief "wekly"\. Did you mean "weekly"\?/],
      ['generate zzzzzz --out none', /There is no brief "zzzzzz"\. Use one of: actor-sheet, al-qaeda-ties/],
      ['genrate', /unknown command 'genrate'\s+\(Did you mean generate\?\)/],
      ['generate --forse', /unknown option '--forse'\s+\(Did you mean --force\?\)/],
      [
        'generate --as-of 2021-02-30 --out none',
        /'2021-02-30' is invalid\. It must be a calendar day such as 2021-08-25, or one of yesterday, last-sunday/,
      ],
      ['generate --as-of someday --out none', /'someday' is invalid\. It must be a calendar day/],
      [
        'generate --format docx --out none',
        /'docx' is invalid\. Write pdf or html, or both separated by a comma/,
      ],
      ['generate --paper A3 --out none', /'A3' is invalid\. Allowed choices are A4, Letter/],
      ['generate --param actor --out none', /'actor' is invalid\. It must be a name and a value/],
      [
        'generate --param actor=a --param actor=b --out none',
        /'actor=b' is invalid\. actor has a value already/,
      ],
      ['generate --colour red --out none', /unknown option '--colour'[^]*--help/],
    ];
    await Promise.all(
      cases.map(async ([args, message]) => {
        const { status, stderr, stdout } = await project.call(args);
        expect(status).not.toBe(0);
        expect(stderr).toMatch(message);
        expect(stdout).toBe('');
      }),
    );
    expect(await filesIn(out('none'))).toEqual([]);
  });

  test('an output folder that cannot be written, and a browser that is none', async () => {
    await project.write('taken', 'a file, where the output should go');
    const [unwritable, browser] = await Promise.all([
      project.call('generate celebrations --as-of 2021-08-16 --format html --out taken'),
      project.call('generate celebrations --as-of 2021-08-16 --out unprinted', {
        PUPPETEER_EXECUTABLE_PATH: '/nowhere/chrome',
      }),
    ]);
    expect(unwritable.status).toBe(1);
    expect(faultLines(unwritable.stderr)).toEqual([
      expect.stringMatching(
        /^sitrep: taken\/celebrations\/2021-08-16: The edition cannot be written: .*--out/,
      ),
    ]);
    expect(await readFile(out('taken'), 'utf8')).toBe('a file, where the output should go');
    expect(browser.status).toBe(1);
    expect(faultLines(browser.stderr)).toEqual([
      expect.stringMatching(
        /^sitrep: \/nowhere\/chrome: The browser path does not lead .* PUPPETEER_EXECUTABLE_PATH/,
      ),
    ]);
    expect(await filesIn(out('unprinted'))).toEqual([]);
  });

  test('a brief that fails while the browser is still starting ends the program', async () => {
    await using other = await openProject();
    await other.write('templates/celebrations/before.sql', 'SELECT nothing FROM nowhere');
    const { status, stderr } = await other.sitrep('generate celebrations');
    expect(stderr).toMatch(/templates\/celebrations\/before\.sql, line 1: .*nowhere/);
    expect(status).toBe(1);
    expect(await filesIn(join(other.folder, 'output'))).toEqual([]);
  });

  test('markup in a data field is printed as text', async () => {
    await using other = await openProject();
    const file = join(other.folder, 'data/afghanistan-2021/events.csv');
    const events = await readFile(file, 'utf8');
    // Short enough for the label of a chart: one that is cut is refused.
    const hostile = '<script>a()</script><img onload=b>';
    const before = `F01,${'[^,]*,'.repeat((events.split('\n')[0]?.split(',').indexOf('title') ?? 0) - 1)}`;
    const changed = events.replace(new RegExp(`^(${before})[^,]*`, 'm'), `$1${hostile}`);
    expect(changed).toContain(hostile);
    await writeFile(file, changed);
    const { status, stderr } = await other.call('generate al-qaeda-ties --format html --out o');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [page = ''] = (await filesIn(join(other.folder, 'o'))).filter((name) => name.endsWith('.html'));
    const html = await readFile(join(other.folder, 'o', page), 'utf8');
    expect(html).not.toMatch(/<script|<img/i);
    expect(html).toContain('&lt;script&gt;a()&lt;/script&gt;');
  });

  test('reports faults of briefs and of datasets together, and writes nothing', async () => {
    await using other = await openProject();
    const { folder } = other;
    const yaml = await readFile(join(folder, 'templates/weekly/brief.yaml'), 'utf8');
    await other.write('templates/weekly/brief.yaml', `${yaml}colour: red\n`);
    const gaps = await readFile(join(folder, 'data/afghanistan-2021/gaps.csv'), 'utf8');
    await other.write('data/afghanistan-2021/gaps.csv', `${gaps}G-x,2021-08-25,current\n`);
    const { status, stderr } = await other.call('generate');
    expect(status).toBe(1);
    expect(faultLines(stderr)).toEqual([
      expect.stringMatching(/^sitrep: templates\/weekly\/brief\.yaml, line \d+, field colour: /),
      expect.stringMatching(/^sitrep: data\/afghanistan-2021\/gaps\.csv, row \d+: has 3 fields instead of 7/),
    ]);
    expect(await filesIn(join(folder, 'output'))).toEqual([]);
  });
});

test('a fault in one brief or dataset keeps no other from being listed or made', async () => {
  await using other = await openProject();
  for (const id of ['actor-sheet', 'al-qaeda-ties', 'isis-quieting', 'weekly'])
    await rm(join(other.folder, 'templates', id), { recursive: true });
  await other.write('templates/broken/brief.yaml', 'title: Broken');
  await other.write('data/broken/datapackage.json', '{');
  await other.write('templates/on-broken/brief.yaml', stringify({ ...minimalConfig, dataset: 'broken' }));
  await other.write('templates/on-broken/brief.hbs', 'x');
  await other.write('templates/on-none/brief.yaml', stringify({ ...minimalConfig, dataset: 'none' }));
  await other.write('templates/on-none/brief.hbs', 'x');
  const made = () => filesIn(join(other.folder, 'output'));

  const [one, listed] = [
    await other.call('generate celebrations --as-of 2021-08-22 --format html'),
    await other.call('list'),
  ];
  expect([one.status, one.stderr]).toEqual([0, '']);
  expect(listed.status).toBe(1);
  expect(listed.stdout.match(/^[a-z-]+/gm)).toEqual(['celebrations', 'on-broken', 'on-none']);
  expect(faultLines(listed.stderr)).toContainEqual(
    expect.stringMatching(/broken\/brief\.yaml, field subject/),
  );

  const all = await other.call('generate --as-of 2021-08-16 --format html');
  expect(all.status).toBe(1);
  for (const file of ['templates/broken/brief.yaml', 'data/broken/datapackage.json', 'templates/on-none'])
    expect(faultLines(all.stderr)).toContainEqual(expect.stringContaining(file));
  expect(all.stdout).toMatch(/celebrations-2021-08-16\.html +\d/);
  expect(await made()).toEqual(
    ['2021-08-16', '2021-08-22'].flatMap((day) => [
      `celebrations/${day}/celebrations-${day}.html`,
      `celebrations/${day}/manifest.json`,
    ]),
  );
});

describe('query', () => {
  test('prints the rows that an edition of the day sees, as a table or whole', async () => {
    const [table, json, before] = await Promise.all([
      project.sitrep('query weekly gaps --as-of 2021-08-22'),
      project.call('query weekly gaps --as-of 2021-08-22 --json'),
      project.call('query weekly gaps --as-of 2010-01-01'),
    ]);
    expect(table).toMatchObject({ status: 0, stderr: '' });
    const lines = table.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^id +text +rests_on$/);
    expect(lines.at(-1)).toBe(
      `${lines.length - 2} row${lines.length === 3 ? '' : 's'} as of 2021-08-22; long values are cut short (--json prints them in full).`,
    );
    const rows = z
      .array(z.strictObject({ id: z.string(), text: z.string(), rests_on: z.array(z.string()) }))
      .parse(JSON.parse(json.stdout));
    expect(lines.slice(1, -1).map((line) => line.split(' ')[0])).toEqual(rows.map(({ id }) => id));
    // It became known on 25 August.
    const later = await project.call('query weekly gaps --as-of 2021-08-25 --json');
    expect(later.stdout).not.toBe(json.stdout);
    expect(before).toEqual({ status: 0, stdout: '0 rows as of 2010-01-01.\n', stderr: '' });
  });

  test('prints the rows of any statement over a dataset, or over what a brief sees', async () => {
    const statement = 'SELECT count(*)::INTEGER AS events, $as_of AS day FROM events';
    const [early, late, ofBrief] = await Promise.all([
      project.call(['query', '--sql', statement, '--as-of', '2021-08-20', '--json']),
      project.call([
        'query',
        '--sql',
        statement,
        '--dataset',
        'afghanistan-2021',
        '--as-of',
        '2021-08-25',
        '--json',
      ]),
      project.call(['query', 'weekly', '--sql', 'SELECT $period_start AS start', '--as-of', '2021-08-22']),
    ]);
    const counted = z.array(z.strictObject({ events: z.number(), day: z.string() })).length(1);
    const [before] = counted.parse(JSON.parse(early.stdout));
    const [after] = counted.parse(JSON.parse(late.stdout));
    expect([before?.day, after?.day]).toEqual(['2021-08-20', '2021-08-25']);
    expect(before?.events).toBeLessThan(after?.events ?? 0);
    expect(ofBrief).toEqual({
      status: 0,
      stderr: '',
      stdout: 'start\n2021-08-16\n1 row as of 2021-08-22.\n',
    });
  });

  test('refuses a statement that is not one repeatable SELECT, and says what it needs', async () => {
    const [written, random, both, neither, unknown] = await Promise.all([
      project.call(['query', '--sql', 'DROP TABLE events']),
      project.call(['query', '--sql', 'SELECT\nrandom() AS x']),
      project.call(['query', 'weekly', 'gaps', '--sql', 'SELECT 1']),
      project.call('query weekly'),
      project.call(['query', '--sql', 'SELECT 1', '--dataset', 'afganistan-2021']),
    ]);
    expect([written, random, both, neither, unknown].map(({ status }) => status)).toEqual([1, 1, 1, 1, 1]);
    expect(written.stderr).toContain('--sql: A query must be a SELECT statement');
    expect(random.stderr).toMatch(/--sql, line 2: "random"/);
    for (const { stderr } of [both, neither])
      expect(stderr).toContain('a brief and --sql; or --sql and --dataset');
    expect(unknown.stderr).toContain('Did you mean "afghanistan-2021"?');
  });

  test('takes parameters, and says which are missing', async () => {
    const [one, none, wrong] = await Promise.all([
      project.call('query actor-sheet said --param actor=A-isis-k --json'),
      project.call('query actor-sheet said'),
      project.call('query actor-sheet said --param actor=A-nobody'),
    ]);
    expect(JSON.parse(one.stdout)).toContainEqual(expect.objectContaining({ actor: 'A-isis-k' }));
    expect(none).toMatchObject({ status: 1, stdout: '' });
    expect(none.stderr).toContain('field parameters.actor: A required value is not given.');
    expect(wrong.stderr).toContain('No row "A-nobody" of actors is known by the cut-off.');
  });

  test('names the query, the line and what is wrong, of the one that is asked for alone', async () => {
    await using other = await openProject();
    await other.write('templates/weekly/ties.sql', 'SELECT id,\n  nope FROM events');
    const [broken, sound, unknown, brief] = await Promise.all([
      other.call('query weekly ties'),
      other.call('query weekly isis'),
      other.call('query weekly tise'),
      other.call('query weakly ties'),
    ]);
    expect(broken.status).toBe(1);
    expect(broken.stderr).toMatch(/^sitrep: templates\/weekly\/ties\.sql, line 2: .*"nope"/);
    expect(sound).toMatchObject({ status: 0, stderr: '' });
    expect(unknown.stderr).toContain('The brief has no query "tise". Did you mean "ties"?');
    expect(brief.stderr).toContain('There is no brief "weakly".');
  });
});

/** What `check` reports, but for the steps that come before. */
const reportLines = (stdout: string): string[] =>
  stdout.split('\n').filter((line) => /^(?:error|warning|No|Errors|\d+ more)\b/.test(line));

describe('check', () => {
  test('finds nothing in the product', async () => {
    const { status, stdout, stderr } = await project.call('check');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^No faults in 1 dataset, 5 briefs and \d+ editions\.\n$/m);
  });

  test('names every fault of every kind at once, each with its place and a remedy', async () => {
    await using other = await openProject();
    const { folder } = other;
    const swap = async (file: string, from: string, to: string) =>
      other.write(file, swapText(await readFile(join(folder, file), 'utf8'), from, to));

    await cp(base, join(folder, 'data/broken'), { recursive: true });
    await apply(join(folder, 'data/broken'), [
      ['gaps.csv', (text) => `${text}G2,2021-01-10,current,isis,1,Where, and when,E1\n`],
      add('events', 3, { id: 'E2' }),
      add('events', 2, { id: 'E3', place: 'P9' }),
      add('events', 2, { id: 'E4', source: 'S9' }),
      add('events', 2, { id: 'E5', date_start: '2021-02-30' }),
      add('events', 2, { id: 'E6', date_start: '2021-01-06' }),
      set('measures', 3, 'bound', '<='),
    ]);
    await cp(base, join(folder, 'data/empty'), { recursive: true });
    await apply(
      join(folder, 'data/empty'),
      ['events', 'gaps', 'indicators', 'judgments', 'readings'].map(clear),
    );

    await swap('templates/al-qaeda-ties/brief.yaml', 'period: P7D', 'period: P7D\nperiode: P7D');
    await other.write('templates/celebrations/before.sql', 'SELECT *\nFROM nowhere');
    await swap('templates/celebrations/brief.hbs', '{{> changes}}', '{{> changes}}{{> chnages}}');
    const respec = async (file: string, change: (spec: Record<string, unknown>) => object) =>
      other.write(file, JSON.stringify(change(JSON.parse(await readFile(join(folder, file), 'utf8')))));
    await respec('templates/isis-quieting/shares.vl.json', (spec) => ({
      ...spec,
      data: { url: '/etc/passwd' },
    }));
    await respec('templates/isis-quieting/map.vl.json', ({ layer, ...spec }) => ({
      ...spec,
      layer: [{ mark: 'image', encoding: { href: { value: 'x' } } }, ...[layer].flat()],
    }));

    const config = { ...minimalConfig, dataset: 'afghanistan-2021', golden: [{ asOf: '2021-08-16' }] };
    const names: { readonly [id: string]: readonly [template: string, problem: string] } = {
      'name-mustache': ['{{missing}}', 'Nothing is named "missing" here.'],
      'name-argument': ['{{say missing}}', 'Nothing is named "missing" here.'],
      'name-hash': ['{{say brief.title x=missing}}', 'Nothing is named "missing" here.'],
      'name-partial': ['{{> reported reported=missing}}', 'Nothing is named "missing" here.'],
      'name-block': ['{{#if missing}}{{/if}}', 'Nothing is named "missing" here.'],
      'name-row': ['{{#each rows.gaps}}{{missing}}{{else}}{{rows.gasp}}{{/each}}', 'Nothing is named "'],
      'name-helper': ['{{shout brief.title}}', 'There is no helper "shout".'],
      'cite-unknown': ['{{cite "F99"}}', 'No row "F99" is known by the cut-off.'],
      'cite-later': ['{{cite "F18"}}', 'No row "F18" is known by the cut-off.'],
    };
    for (const [id, [template]] of Object.entries(names)) {
      await other.write(`templates/${id}/brief.yaml`, stringify(config));
      await other.write(`templates/${id}/brief.hbs`, `first\n${template}`);
    }
    await other.write('templates/no-data/brief.yaml', stringify({ ...config, dataset: 'afganistan' }));
    await other.write('templates/no-data/brief.hbs', 'x');
    await other.write('templates/no-files/brief.yaml', stringify({ ...config, queries: { a: 'a.sql' } }));

    const { status, stderr, stdout } = await other.call('check --all');
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    const lines = reportLines(stdout);
    const totals = lines.pop();
    expect(totals).toMatch(/^Errors in \d datasets?, \d+ briefs and \d+ editions: .*data\/broken \d errors/);
    expect(totals).toContain('name-row 1 error;');
    for (const line of lines) expect(line).toMatch(/^error: .+[.!?] \S.*[.?]$/);
    const told = (start: string, rest: string | RegExp) =>
      expect(lines.filter((line) => line.startsWith(`error: ${start}`))).toContainEqual(
        typeof rest === 'string' ? expect.stringContaining(rest) : expect.stringMatching(rest),
      );

    told('data/broken/gaps.csv, row 3: ', 'more than 7 fields');
    told('data/broken/events.csv, row 4, field known_on: ', '"E2" has another row known on 2021-01-10');
    told('data/broken/events.csv, row 5, field place: ', 'there is no "P9" in places');
    told('data/broken/events.csv, row 6, field source: ', 'there is no "S9" in sources');
    told('data/broken/events.csv, row 7, field date_start: ', '"2021-02-30" is not a calendar day');
    told('data/broken/events.csv, row 8, field date_start: ', 'after the row became known');
    told('data/broken/measures.csv, row 3, field bound: ', '"<=" is not allowed. Did you mean ">="?');
    told('templates/al-qaeda-ties/brief.yaml, line ', /field periode: There is no such key/);
    told('templates/celebrations/before.sql, line 2: ', 'nowhere');
    told('templates/celebrations/brief.hbs, line ', 'There is no partial "chnages"');
    told('templates/isis-quieting/shares.vl.json, line 1, field data.url: ', 'Charts may not use "url"');
    told('templates/isis-quieting/map.vl.json, line 1, field layer[0].mark: ', 'may not show images');
    told(
      'templates/isis-quieting/map.vl.json, line 1, field layer[0].encoding.href: ',
      'Charts may not use "href"',
    );
    for (const [id, [, problem]] of Object.entries(names))
      told(`templates/${id}/brief.hbs, line 2: `, problem);
    told(
      'templates/no-data/brief.yaml, line ',
      'field dataset: There is no dataset "afganistan" in data/. Use one of: ',
    );
    told('templates/no-files/brief.hbs: ', 'There is no such file');
    told('templates/no-files/a.sql: ', 'There is no such file');
    // The briefs that are well are not named, and no fault is told twice.
    expect(lines.filter((line) => line.includes('templates/weekly'))).toEqual([]);
    expect(new Set(lines).size).toBe(lines.length);
    expect(await filesIn(join(folder, 'output'))).toEqual([]);
  });

  test('finds the faults of briefs even if their dataset has faults too', async () => {
    await using other = await openProject();
    const { folder } = other;
    const gaps = await readFile(join(folder, 'data/afghanistan-2021/gaps.csv'), 'utf8');
    await other.write('data/afghanistan-2021/gaps.csv', `${gaps}G-x,2021-08-25,current\n`);
    await other.write('templates/celebrations/before.sql', 'SELECT nope');
    await other.write('templates/weekly/brief.hbs', '{{{brief.title}}}');
    const { status, stdout } = await other.call('check');
    expect(status).toBe(1);
    expect(reportLines(stdout)).toEqual([
      expect.stringMatching(/^error: data\/afghanistan-2021\/gaps\.csv, row \d+: /),
      expect.stringMatching(/^error: templates\/celebrations\/before\.sql, line 1: .*nope/),
      expect.stringMatching(/^error: templates\/weekly\/brief\.hbs, line 1: A triple brace/),
      'Errors in 0 datasets, 5 briefs and 0 editions: data/afghanistan-2021 1 error; celebrations 1 error; weekly 1 error.',
    ]);
  });

  test('warns of what breaks a rule of wording in the profile standard, and passes', async () => {
    await using other = await openProject();
    const { folder } = other;
    for (const brief of ['actor-sheet', 'al-qaeda-ties', 'celebrations', 'isis-quieting'])
      await rm(join(folder, 'templates', brief), { recursive: true });
    const file = 'templates/weekly/brief.hbs';
    const text = await readFile(join(folder, file), 'utf8');
    await other.write(file, swapText(text, '{{/page}}', '<p>Six facts.</p>\n{{/page}}'));
    const yaml = await readFile(join(folder, 'templates/weekly/brief.yaml'), 'utf8');
    await other.write(
      'templates/weekly/brief.yaml',
      `profile: standard\nwaive: [{ rule: glyphs, reason: a test }]\n${yaml.replace(/pages: \d+/, 'pages: 9')}`,
    );
    const gaps = await readFile(join(folder, 'data/afghanistan-2021/gaps.csv'), 'utf8');
    const later = gaps
      .trimEnd()
      .split('\n')
      .at(-1)
      ?.replace(/^[^,]+,[^,]+/, 'G-later,2962-08-25');
    await other.write('data/afghanistan-2021/gaps.csv', `${gaps}${later}\n`);
    await other.write('data/lost.csv', 'event_id_cnty,event_date\n');
    const checked = await other.call('check');
    const warnings = [
      /^warning: templates\/weekly\/brief\.hbs, line \d+: The figure "Six" is typed into a template\. \(typed-figures\)/,
      /^warning: templates\/weekly\/brief\.hbs, line \d+: A paragraph cites no row: "Six facts\."\. \(cites-a-row\)/,
    ];
    expect(checked).toMatchObject({ status: 0, stderr: '' });
    expect(reportLines(checked.stdout)).toEqual([
      expect.stringMatching(
        /^warning: data\/lost\.csv: Nothing reads this file.* sitrep import acled data\/lost\.csv --into/,
      ),
      expect.stringMatching(
        /^warning: data\/afghanistan-2021\/gaps, field known_on: .* G-later \(2962-08-25\)/,
      ),
      // The briefs that have it are not in this project.
      expect.stringMatching(/^warning: data\/afghanistan-2021: No brief has the .* "elsewhere".* X-isis-5/),
      ...warnings.map((each) => expect.stringMatching(each)),
      expect.stringMatching(/^warning: templates\/weekly\/brief\.yaml.*The waiver of "glyphs" is not needed/),
      expect.stringMatching(
        /^No errors in .* editions: weekly \d+ warnings; data\/afghanistan-2021 2 warnings; data 1 warning\.$/,
      ),
    ]);

    const generated = await other.call('generate weekly --as-of 2021-08-25');
    expect(generated.status).toBe(0);
    expect(generated.stderr).toContain('sitrep: warning: templates/weekly/brief.hbs, line');
    const made = JSON.parse(await readFile(join(folder, 'output/weekly/2021-08-25/manifest.json'), 'utf8'));
    expect(made.rules.warnings).toMatchObject([{ rule: 'typed-figures' }, { rule: 'cites-a-row' }]);
  });

  test('says where it must be started', async () => {
    await using other = await openProject();
    await rm(join(other.folder, 'templates'), { recursive: true });
    await rm(join(other.folder, 'data'), { recursive: true });
    const { status, stderr } = await other.sitrep('check');
    expect(status).toBe(1);
    expect(faultLines(stderr)).toEqual([
      'sitrep: templates: There is no such folder. Run sitrep in the folder that has templates/ and data/.',
    ]);
  });
});
