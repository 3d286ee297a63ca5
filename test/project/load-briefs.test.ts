import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { AppError, collectIn, describeFault, distinct } from '../../src/errors.ts';
import { briefIds, loadBrief } from '../../src/project/load-briefs.ts';
import { minimalConfig } from '../support/brief-of.ts';
import { temporaryFolder } from '../support/dataset.ts';

const chart = { spec: 'a.vl.json', data: {}, rows: 'a', captions: ['T1'], title: 'A', alt: 'A' };
let templates: string;

/** Two briefs, each of the least that a brief is made of. */
beforeEach(async () => {
  templates = await temporaryFolder();
  for (const folder of ['_shared/partials', '_shared/queries', 'one', 'two']) {
    await mkdir(join(templates, folder), { recursive: true });
  }
  await write('_shared/macros.sql', '');
  await write('_shared/page.css', 'p{}');
  await write('_shared/theme.json', '{}');
  await write('_shared/partials/page.hbs', 'page');
  await write('_shared/queries/common.sql', 'SELECT 1');
  for (const id of ['one', 'two']) {
    await write(
      `${id}/brief.yaml`,
      stringify({ ...minimalConfig, queries: { a: 'a.sql' }, charts: { c: chart } }),
    );
    await write(`${id}/brief.hbs`, 'brief');
    await write(`${id}/a.sql`, 'SELECT 2');
    await write(`${id}/a.vl.json`, '{}');
  }
});
const write = (file: string, text: string) => writeFile(join(templates, file), text);
const edit = async (file: string, change: (text: string) => string) => {
  const text = await readFile(join(templates, file), 'utf8');
  expect(change(text)).not.toBe(text);
  await write(file, change(text));
};
/** What is told of the faults, with the folder called `templates`. */
const told = async (): Promise<string[]> => {
  const errors: AppError[] = [];
  for (const id of ['one', 'two']) await loadBrief(templates, id).catch(collectIn(errors));
  expect(errors.filter(({ code }) => code !== 'brief-invalid')).toEqual([]);
  return distinct(errors)
    .map((fault) => describeFault(fault).replaceAll(templates, 'templates'))
    .toSorted();
};

test('a brief is loaded with every file it is made of', async () => {
  expect(await briefIds(templates)).toEqual(['one', 'two']);
  const one = await loadBrief(templates, 'one');
  expect(one).toMatchObject({
    id: 'one',
    template: { file: join(templates, 'one/brief.hbs'), text: 'brief' },
    partials: { page: { file: join(templates, '_shared/partials/page.hbs'), text: 'page' } },
    queries: { common: { text: 'SELECT 1' }, a: { file: join(templates, 'one/a.sql'), text: 'SELECT 2' } },
    charts: { c: { parsed: {}, source: { file: join(templates, 'one/a.vl.json') } } },
    styles: { text: 'p{}' },
  });
});

describe('the folder that the briefs of a dataset share', () => {
  beforeEach(async () => {
    for (const name of ['partials', 'queries', 'charts'])
      await mkdir(join(templates, '_test', name), { recursive: true });
  });
  const loadOne = () => loadBrief(templates, 'one');

  test('gives queries, partials, charts and macros', async () => {
    await write('_test/queries/own.sql', 'SELECT 3');
    await write('_test/partials/own.hbs', 'own');
    await write('_test/macros.sql', 'CREATE MACRO own() AS 1;');
    await write('_test/charts/a.vl.json', '{"mark":"bar"}');
    await rename(join(templates, 'one/a.vl.json'), join(templates, 'one/unused.json'));
    await edit('one/brief.yaml', (text) => text.replace('a.vl.json', 'charts/a.vl.json'));
    expect(await loadOne()).toMatchObject({
      queries: { own: { file: join(templates, '_test/queries/own.sql') }, common: {} },
      partials: { own: { text: 'own' }, page: {} },
      macros: [
        { file: join(templates, '_shared/macros.sql') },
        { file: join(templates, '_test/macros.sql') },
      ],
      charts: { c: { source: { file: join(templates, '_test/charts/a.vl.json') } } },
    });
  });

  test('comes after the brief and before _shared', async () => {
    await write('_test/queries/common.sql', 'SELECT 4');
    await write('_test/queries/a.sql', 'SELECT 5');
    await write('_test/a.sql', 'SELECT 6');
    expect((await loadOne())?.queries).toMatchObject({
      common: { text: 'SELECT 4' },
      a: { text: 'SELECT 2' },
    });
  });

  test('is not for the briefs of another dataset', async () => {
    await write('_test/queries/own.sql', 'SELECT 3');
    await edit('one/brief.yaml', (text) => text.replace('dataset: test', 'dataset: other'));
    expect((await loadOne())?.queries).not.toHaveProperty('own');
  });
});

test('files and hidden folders beside the briefs are none', async () => {
  await write('brief.schema.json', '{}');
  await mkdir(join(templates, '.git'));
  await mkdir(join(templates, '_more'));
  expect(await briefIds(templates)).toEqual(['one', 'two']);
});

test('no templates folder at all', async () => {
  await rm(templates, { recursive: true });
  await expect(briefIds(templates)).rejects.toMatchObject({
    code: 'brief-unknown',
    faults: [{ file: templates, hint: 'Run sitrep in the folder that has templates/ and data/.' }],
  });
});

test.each([
  ['brief.yaml', 'templates/one/brief.yaml: There is no such file.'],
  ['brief.hbs', 'templates/one/brief.hbs: There is no such file.'],
  ['a.sql', 'templates/one/a.sql: There is no such file.'],
  ['a.vl.json', 'templates/one/a.vl.json: There is no such file.'],
])('a missing %s', async (name, fault) => {
  await rm(join(templates, 'one', name));
  expect(await told()).toEqual([`${fault} Create it, or correct the name in brief.yaml.`]);
});

test('a missing shared file', async () => {
  await rm(join(templates, '_shared/theme.json'));
  expect(await told()).toEqual([
    expect.stringMatching(/^templates\/_shared\/theme\.json: There is no such file\./),
  ]);
});

test('a missing shared folder', async () => {
  await rm(join(templates, '_shared/partials'), { recursive: true });
  expect(await told()).toEqual([
    expect.stringMatching(/^templates\/_shared\/partials: There is no such folder\./),
  ]);
});

test('what a team does not share itself comes with the program, file by file', async () => {
  const packaged = join(import.meta.dirname, '../../templates/_shared');
  await rm(join(templates, '_shared/theme.json'));
  await rm(join(templates, '_shared/queries'), { recursive: true });
  const one = await loadBrief(templates, 'one', { packaged });
  expect(one?.theme.source.file).toBe(join(packaged, 'theme.json'));
  expect(one?.styles).toEqual({ file: join(templates, '_shared/page.css'), text: 'p{}' });
  expect(one?.partials['page']?.text).toBe('page');
  expect(one?.partials['head']?.file).toBe(join(packaged, 'partials/head.hbs'));
  expect(one?.queries['headline']?.file).toBe(join(packaged, 'queries/headline.sql'));
});

test('an unknown key, with its line', async () => {
  await edit('one/brief.yaml', (text) => text.replace('period:', 'perriod: P7D\nperiod:'));
  const line =
    (await readFile(join(templates, 'one/brief.yaml'), 'utf8')).split('\n').indexOf('perriod: P7D') + 1;
  expect(line).toBeGreaterThan(1);
  expect(await told()).toEqual([
    `templates/one/brief.yaml, line ${line}, field perriod: There is no such key: "perriod". Remove it, or correct its name. See docs/authoring.md for the possible values.`,
  ]);
});

test('a misspelt key is one fault, and names the key that is missing', async () => {
  await edit('one/brief.yaml', (text) => text.replace('period:', 'perriod:'));
  expect(await told()).toEqual([
    expect.stringMatching(
      /, line \d+, field perriod: There is no such key: "perriod"\. Did you mean "period"\?$/,
    ),
  ]);
});

test.each([
  ['at the top', 'approvel', (text: string) => `${text}approvel: true\n`, 'approval'],
  [
    'of a chart',
    'charts.c.leavsOut',
    (text: string) => text.replace('    alt: A', '    alt: A\n    leavsOut: A'),
    'leavesOut',
  ],
])('a misspelt key that may be left out, %s, names the right one', async (_, field, change, right) => {
  await edit('one/brief.yaml', change);
  expect(await told()).toEqual([
    expect.stringMatching(
      new RegExp(`field ${field}: There is no such key: "\\w+"\\. Did you mean "${right}"\\?$`),
    ),
  ]);
});

test('a missing key and a word that is not allowed, in words', async () => {
  await edit('one/brief.yaml', (text) =>
    text.replace('    title: A\n', '').replace('TLP:CLEAR', 'argentina'),
  );
  expect(await told()).toEqual([
    expect.stringMatching(/field charts\.c\.title: is missing\. See /),
    expect.stringMatching(/field marking: "argentina" is not one of TLP:CLEAR, .*, TLP:RED\. See /),
  ]);
});

test('a value that is refused is quoted', async () => {
  await edit('one/brief.yaml', (text) => text.replace(/^period: .*/m, 'period: a week'));
  expect(await told()).toEqual([
    expect.stringMatching(
      /, line \d+, field period: "a week" is not an ISO 8601 length in days or weeks such as P7D, or in months such as P1M\. See /,
    ),
  ]);
});

test('an unknown key of a chart', async () => {
  await edit('one/brief.yaml', (text) => text.replace('    alt: A', '    alt: A\n    colour: red'));
  const lines = (await readFile(join(templates, 'one/brief.yaml'), 'utf8')).split('\n');
  expect(await told()).toEqual([
    `templates/one/brief.yaml, line ${lines.indexOf('    colour: red') + 1}, field charts.c.colour: There is no such key: "colour". Remove it, or correct its name. See docs/authoring.md for the possible values.`,
  ]);
});

test('a key that a chart lacks, with the line of the chart', async () => {
  await edit('one/brief.yaml', (text) => text.replace('    title: A\n', ''));
  const lines = (await readFile(join(templates, 'one/brief.yaml'), 'utf8')).split('\n');
  expect(await told()).toEqual([
    expect.stringContaining(
      `templates/one/brief.yaml, line ${lines.indexOf('  c:') + 1}, field charts.c.title: `,
    ),
  ]);
});

test.each(['', '    captions: []\n'])('a chart needs no captions: %j', async (written) => {
  await edit('one/brief.yaml', (text) => text.replace(/ {4}captions:\n {6}- T1\n/, written));
  const one = await loadBrief(templates, 'one');
  expect(one?.charts['c']?.captions).toEqual([]);
});

test('two unknown keys are two faults', async () => {
  await edit('one/brief.yaml', (text) => `first: 1\n${text}second: 2\n`);
  expect(await told()).toEqual([
    expect.stringMatching(/line 1, field first: /),
    expect.stringMatching(/line \d+, field second: /),
  ]);
});

test.each([
  ['one/brief.yaml', 'title: [', /^templates\/one\/brief\.yaml, line \d+: .+ close the bracket\.$/],
  ['one/brief.yaml', 'title: One: two', /, line 1: A value here has a colon and no quotes, .+ in quotes, /],
  [
    'one/brief.yaml',
    'a:\n b: c\n   d: e',
    /, line 2: .+ or the line below is indented further than this one\./,
  ],
  ['one/brief.yaml', 'title: "One', /, line 1: A quote or bracket is not closed\./],
  ['one/brief.yaml', '', /^templates\/one\/brief\.yaml/],
  ['one/brief.yaml', 'just a text', /^templates\/one\/brief\.yaml/],
  ['one/a.vl.json', '{"mark": }', /^templates\/one\/a\.vl\.json, line 1: .*JSON.* Correct the JSON\.$/],
  [
    'one/a.vl.json',
    `{\n  "title": "${'long '.repeat(20)}",\n  "mark": },\n  "width": 300\n}`,
    /^templates\/one\/a\.vl\.json, line 3: .*JSON/s,
  ],
  ['one/a.vl.json', '5', /^templates\/one\/a\.vl\.json: The file is not a JSON object\./],
  ['one/a.vl.json', '', /^templates\/one\/a\.vl\.json: /],
  ['_shared/theme.json', '{', /^templates\/_shared\/theme\.json, line 1: /],
])('%s holding "%s"', async (file, text, fault) => {
  await write(file, text);
  expect(await told()).toEqual([expect.stringMatching(fault)]);
});

test.each(['../two/a.sql', '/etc/hostname', '_shared/../two/a.sql'])('a query in "%s"', async (path) => {
  await edit('one/brief.yaml', (text) => text.replace('a: a.sql', `a: ${path}`));
  expect(await told()).toEqual([
    expect.stringMatching(/line \d+, field queries\.a: ".+" is not the name of a file/),
  ]);
});

test('a folder in the place of a file', async () => {
  await rm(join(templates, 'one/brief.hbs'));
  await mkdir(join(templates, 'one/brief.hbs'));
  expect(await told()).toEqual([
    expect.stringMatching(/^templates\/one\/brief\.hbs: The file cannot be read: .*EISDIR/),
  ]);
});

test('all of it at once, over all briefs', async () => {
  await cp(join(templates, 'two'), join(templates, 'three'), { recursive: true });
  await edit('one/brief.yaml', (text) => text.replace('TLP:CLEAR', 'TLP:WHITE').replace('P7D', 'P1Y'));
  await rm(join(templates, 'two/a.sql'));
  await write('two/a.vl.json', '{');
  await write('_shared/theme.json', '{');
  expect((await told()).map((fault) => fault.split(/[:,]/)[0])).toEqual([
    'templates/_shared/theme.json',
    'templates/one/brief.yaml',
    'templates/one/brief.yaml',
    'templates/two/a.sql',
    'templates/two/a.vl.json',
  ]);
});

test('a forEach that names no query, and unknown parameters, are reported with their place', async () => {
  await edit('one/brief.yaml', (text) => `${text}parameters:\n  actor: { type: string }\nforEach: editons\n`);
  await edit('two/brief.yaml', (text) => `${text}parameters:\n  topic: { type: string, optional: true }\n`);
  expect(await told()).toEqual([
    'templates/one/brief.yaml, field forEach: There is no query "editons". Name one of common, a.',
    expect.stringMatching(
      /^templates\/two\/brief\.yaml, line \d+, field parameters\.topic: has the name of what every query sees anyway\. See docs/,
    ),
  ]);
});

test('a hero that names no chart is reported', async () => {
  await edit('two/brief.yaml', (text) => `${text}hero: d\n`);
  expect(await told()).toEqual([
    'templates/two/brief.yaml, field hero: There is no chart "d". Use one of: c.',
  ]);
});

describe('sitrep.yaml', () => {
  /** A brief of a project whose sitrep.yaml says `settings`, and whose brief.yaml lacks the keys in `without`. */
  async function briefIn(settings: string, without: readonly string[] = []) {
    const project = join(templates, 'project');
    for (const name of ['_shared', 'one'])
      await cp(join(templates, name), join(project, 'templates', name), { recursive: true });
    await writeFile(join(project, 'sitrep.yaml'), settings);
    const file = join(project, 'templates/one/brief.yaml');
    const lines = (await readFile(file, 'utf8')).split('\n');
    const kept = lines.filter((line) => !without.some((key) => line.startsWith(`${key}:`)));
    expect(kept).toHaveLength(lines.length - without.length);
    await writeFile(file, kept.join('\n'));
    const brief = await loadBrief(join(project, 'templates'), 'one');
    return brief;
  }

  test('says who publishes, and what a brief need not repeat', async () => {
    const settings =
      'publisher: { name: Road Institute, shortName: RI }\nmarking: TLP:GREEN\npaper: Letter\n';
    expect(await briefIn(settings)).toMatchObject({
      publisher: { name: 'Road Institute', shortName: 'RI' },
      config: { marking: 'TLP:CLEAR', paper: 'Letter' },
    });
    expect(await briefIn(settings, ['marking'])).toMatchObject({ config: { marking: 'TLP:GREEN' } });
  });

  test('says in which language briefs are that name none', async () => {
    expect((await briefIn('# nothing\n'))?.locale.tag).toBe('en-GB');
    expect((await briefIn('language: en-US\n'))?.locale.tag).toBe('en-US');
    const file = join(templates, 'one/brief.yaml');
    await writeFile(file, `${await readFile(file, 'utf8')}language: en-GB\n`);
    expect((await briefIn('language: en-US\n'))?.locale.tag).toBe('en-GB');
    await edit('one/brief.yaml', (text) => text.replace('language: en-GB', 'language: xx'));
    await expect(briefIn('language: en-US\n')).rejects.toThrow(
      /brief\.yaml, line \d+, field language: There is no locale "xx"/,
    );
    await expect(briefIn('language: en-UX\n')).rejects.toThrow(
      /sitrep\.yaml, line 1, field language: There is no locale "en-UX"\. Did you mean "en-US"\?/,
    );
  });

  test('sets the colours of pages and charts', async () => {
    await write(
      '_shared/theme.json',
      '{ "bar": { "fill": "var(--ink)" }, "tick": { "fill": "var(--accent)" } }',
    );
    expect(await briefIn("colours: { ink: '#0B5345' }\n")).toMatchObject({
      identity: { colours: { ink: '#0b5345', accent: '#a63d1e' }, logo: null },
      theme: { parsed: { bar: { fill: '#0b5345' }, tick: { fill: '#a63d1e' } } },
    });
  });

  test('refuses a colour that is too pale, unquoted or unknown, and a logo that is not there', async () => {
    const wrong = [
      'publisher: { name: Roads }',
      'logo: images/none.svg',
      'colours:',
      "  ink: '#e8a33d'",
      '  accent: #a63d1e',
      "  acent: '#a63d1e'",
      '',
    ];
    const faults = async (settings: string) => {
      const error: unknown = await briefIn(settings).catch((cause: unknown) => cause);
      if (!(error instanceof AppError)) throw error;
      return error.faults.map(({ line, field, problem, hint }) => [line, field, problem, hint]);
    };
    const where = 'See docs/authoring.md, "The project".';
    expect(await faults(wrong.join('\n'))).toEqual([
      [
        6,
        'colours.acent',
        'There is no such key: "acent".',
        'Remove it, or correct its name. See docs/authoring.md, "The project".',
      ],
      [
        4,
        'colours.ink',
        '"#e8a33d" is not dark enough for text: its contrast is 1.9, on white or tinted ground, in colour or in grey, and 4.5 is needed.',
        'The nearest colour that passes is "#926727".',
      ],
      [5, 'colours.accent', 'is not a colour in quotes such as "#1d3557".', where],
      [2, 'logo', 'There is no file "images/none.svg".', 'Add it, or correct the name.'],
    ]);
    expect(await faults('colours: [\n')).toHaveLength(1);
    expect(await faults(wrong.slice(0, 2).join('\n'))).toEqual([
      [2, 'logo', 'There is no file "images/none.svg".', 'Add it, or correct the name.'],
    ]);
    expect(await faults(wrong.slice(1, 2).join('\n'))).toEqual([
      [1, 'logo', 'needs publisher.name, which says whose logo it is.', where],
    ]);
  });

  test('may be absent or empty', async () => {
    expect(await briefIn('# nothing\n')).toMatchObject({ publisher: null, config: { paper: 'A4' } });
    await expect(briefIn('', ['marking'])).rejects.toThrow(/field marking: is missing/);
  });

  test('has each fault with its line, its key and the most similar key', async () => {
    const wrong = 'publisher:\n  name: ""\n  shortname: RI\npapier: A4\nmarking: CLEAR\n';
    const error: unknown = await briefIn(wrong).catch((cause: unknown) => cause);
    if (!(error instanceof AppError)) throw error;
    expect(
      error.faults.map(({ file, line, field, hint }) => [file?.split('/').at(-1), line, field, hint]),
    ).toEqual([
      ['sitrep.yaml', 3, 'publisher.shortname', 'Did you mean "shortName"?'],
      ['sitrep.yaml', 4, 'papier', 'Did you mean "paper"?'],
      ['sitrep.yaml', 2, 'publisher.name', 'See docs/authoring.md, "The project".'],
      ['sitrep.yaml', 5, 'marking', 'See docs/authoring.md, "The project".'],
    ]);
  });
});
