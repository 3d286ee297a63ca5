import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fastifyStatic from '@fastify/static';
import Fastify from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { describe, expect, test } from 'vitest';
import { tableSchemas } from '../scripts/table-schemas.ts';
import { importGraph, withImportGraph } from '../scripts/write-import-graph.ts';
import { datasetsPage } from '../scripts/write-schema.ts';
import { commandLine } from '../src/cli/program.ts';
import { type Tables, tables } from '../src/dataset/schema.ts';
import { declaredSettings } from '../src/dataset/settings.ts';
import { deliveryVariables } from '../src/delivery/settings.ts';
import type { OperatorContext } from '../src/editions/context.ts';
import { openEditionService } from '../src/editions/service.ts';
import { errorCodes } from '../src/errors.ts';
import { briefConfig } from '../src/project/brief.ts';
import { Evidence } from '../src/render/citations.ts';
import { pageHelpers } from '../src/render/helpers.ts';
import { allRules } from '../src/rules/rules.ts';
import { escaped } from '../src/rules/texts.ts';
import { api } from '../src/server/api/api.ts';
import { problemCodes } from '../src/server/problem.ts';
import { serviceVariables } from '../src/settings.ts';
import { british } from './support/brief-of.ts';

const project = join(import.meta.dirname, '..');
const read = (file: string) => readFile(join(project, file), 'utf8');
const noTables: Tables = {
  sources: [],
  actors: [],
  places: [],
  coverage: [],
  events: [],
  measures: [],
  readings: [],
  judgments: [],
  gaps: [],
  indicators: [],
};

describe('what is there is in the docs', () => {
  test('commands and their options in docs/commands.md', async () => {
    const page = await read('docs/commands.md');
    // No command runs, so none of its actions is loaded.
    const unused = () => Promise.reject(new Error('A command ran.'));
    const program = commandLine(unused, {
      version: '',
      service: unused,
      operator: unused,
      author: unused,
      proof: unused,
      imports: unused,
    });
    expect(program.commands.length).toBeGreaterThan(15);
    expect(program.commands.flatMap(({ options }) => options).length).toBeGreaterThan(15);
    for (const command of program.commands) {
      expect(page).toContain(`npx sitrep ${command.name()}`);
      for (const each of command.commands) expect(page).toContain(`${command.name()} ${each.name()}`);
      for (const { flags } of [command, ...command.commands].flatMap(({ options }) => options))
        expect(page).toContain(`\`${flags}\``);
    }
  });

  test('settings of brief.yaml, helpers and macros in docs/authoring.md', async () => {
    const guide = await read('docs/authoring.md');
    const named = (name: string) => expect(guide).toMatch(new RegExp(`\`[^\`\n]*\\b${name}\\b[^\`\n]*\``));
    for (const key of Object.keys(briefConfig.shape)) named(key);
    for (const key of Object.keys(briefConfig.shape.charts.unwrap().valueType.shape)) named(key);
    for (const helper of Object.keys(pageHelpers(new Evidence(noTables, {}, { locale: british }))))
      named(helper);
    const macros = [...(await read('templates/_shared/macros.sql')).matchAll(/MACRO (\w+)/g)];
    expect(macros).not.toEqual([]);
    for (const [, macro = ''] of macros) named(macro);
  });

  test('settings and columns of a dataset in docs/datasets.md, whose tables are the program’s (npm run schema)', async () => {
    const page = await read('docs/datasets.md');
    expect(await datasetsPage(page)).toBe(page);
    for (const setting of ['marking', ...Object.keys(declaredSettings.shape)])
      expect(page).toMatch(new RegExp(`^\\| \`${setting}\` +\\|`, 'm'));
    expect(await read('docs/tables.schema.json')).toBe(tableSchemas());
    expect(JSON.parse(tableSchemas()).events.fields.map(({ name }: { name: string }) => name)).toEqual(
      Object.keys(tables.events.shape),
    );
  });

  test('rules in docs/rules.md with their levels, and no others', async () => {
    const guide = await read('docs/rules.md');
    const sections = guide
      .split(/^### /m)
      .slice(1)
      .map((section) => section.split(/^## /m)[0]?.replaceAll(/\s+/g, ' ').trim());
    const expected = allRules.map(({ id, description, levels, cannotBeWaived }) => {
      const level = { error: 'Error', warning: 'Warning', off: 'Off' };
      const told =
        levels.strict === levels.standard
          ? `${level[levels.strict]} in both profiles.`
          : `${level[levels.strict]} in \`strict\`, ${levels.standard} in \`standard\`.`;
      const waive = cannotBeWaived ? 'not possible\\.$' : '(?!not possible)\\S.+$';
      const parts = ['Checks', 'Why', 'Fix'].map((name) => ` - \\*\\*${name}:\\*\\* \\S[^]*`).join('');
      return new RegExp(`^\`${id}\` ${escaped(description)} ${told}${parts} - \\*\\*Waive:\\*\\* ${waive}`);
    });
    expect(sections).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });

  test('variables and codes of faults in docs/operating.md', async () => {
    const guide = await read('docs/operating.md');
    const variables = [...(await read('src/main.ts')).matchAll(/process\.env\['(\w+)'\]/g)];
    expect(variables).not.toEqual([]);
    for (const [, name] of variables) expect(guide).toContain(`\`${name}\``);
    for (const name of Object.keys({ ...deliveryVariables.shape, ...serviceVariables.shape }))
      expect(guide).toContain(`| \`${name}\``);
    const [, told = ''] = /The code in brackets at the end([^]*?)\n#|$/.exec(`${guide}\n#`) ?? [];
    const codes = [...told.matchAll(/^\| `([\w-]+)` +\|/gm)].map(([, code]) => code);
    expect(codes.toSorted()).toEqual(errorCodes.toSorted());
  });
});

test('metrics in docs/operating.md, and no others', async () => {
  const registered = (await read('src/server/metrics.ts')).matchAll(/^ +name: '(sitrep_\w+)'/gm);
  const documented = (await read('docs/operating.md')).matchAll(/^\| `(sitrep_\w+)` /gm);
  const names = [...registered].map(([, name]) => name).toSorted();
  expect(names).toContain('sitrep_editions');
  expect([...documented].map(([, name]) => name).toSorted()).toEqual(names);
});

describe('the import graph', () => {
  test('in docs/architecture.md is that of the imports (npm run imports)', async () => {
    const page = await read('docs/architecture.md');
    expect(await withImportGraph(page)).toBe(page);
    expect(page.match(/^ {2}\w+ --> \w+$/gm)?.length).toBeGreaterThan(15);
  });

  test('leaves out an arrow that follows from others, and refuses a circle', () => {
    const folders = new Map([
      ['c', new Set(['a', 'b'])],
      ['b', new Set(['a'])],
      ['a', new Set<string>()],
    ]);
    expect(importGraph(folders)).toBe('```mermaid\nflowchart TD\n  b --> a\n  c --> b\n```');
    expect(() => importGraph(folders.set('a', new Set(['c'])))).toThrow('import in a circle');
  });
});

test('decisions in their list, by number and title', async () => {
  const folder = 'docs/decisions';
  const files = (await readdir(join(project, folder))).filter((name) => /^\d{4}-/.test(name)).toSorted();
  expect(files.length).toBeGreaterThan(20);
  const titles = await Promise.all(
    files.map(async (file) => (await read(join(folder, file))).split('\n')[0]),
  );
  const list = files.map((file, index) => `- [${(titles[index] ?? '').replace('# ', '')}](${file})`);
  expect((await read(join(folder, 'README.md'))).match(/^- .*$/gm)).toEqual(list);
});

test('routes and codes of problems in docs/api.md, and no others', async () => {
  const guide = await read('docs/api.md');
  const app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(fastifyStatic, { serve: false });
  const nothing = () => Promise.resolve('');
  // No route is asked: only what the document says of them counts.
  await api(app, openEditionService({} as OperatorContext), {
    sendEvents: () => Promise.resolve(),
    readAsset: nothing,
  });
  await app.ready();
  const { paths } = app.swagger() as { paths: { [path: string]: object } };
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  await app.close();
  const told = [...guide.matchAll(/^\| `((?:GET|POST) [^`]*)`/gm)].map(([, route]) => route);
  expect(routes.length).toBeGreaterThan(15);
  expect(told.toSorted()).toEqual(routes.toSorted());
  const codes = [...guide.matchAll(/^\| `([a-z-]+)` +\| (\d+) /gm)].map(([, code]) => code);
  expect(codes.toSorted()).toEqual(problemCodes.toSorted());
});

describe('what is in the docs is there', async () => {
  const below = async (folder: string) =>
    (await readdir(join(project, folder), { recursive: true })).map((name) => join(folder, name));
  const files = [...(await readdir(project)), ...(await below('docs')), ...(await below('data'))];
  const documents = files.filter((name) => name.endsWith('.md'));

  test.each(documents)('%s: links and npm scripts', async (name) => {
    const text = await read(name);
    const { scripts } = JSON.parse(await read('package.json'));
    for (const [, script] of text.matchAll(/npm run ([a-z][\w:]*)/g))
      expect(scripts).toHaveProperty([script ?? '']);
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      await access(join(project, dirname(name), target));
    }
  });
});
