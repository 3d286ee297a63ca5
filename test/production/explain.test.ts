import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Printer } from '../../src/pdf/browser/print.ts';
import { explain } from '../../src/production/explain.ts';
import { resolveEdition } from '../../src/production/fan-out.ts';
import { render } from '../../src/production/produce.ts';
import type { ExplainedPlace } from '../../src/provenance/explain-page.ts';
import { originOf } from '../../src/provenance/origin.ts';
import { openProject } from '../../src/wiring/project.ts';
import { remembered, rendering } from '../support/effects.ts';
import { print } from '../support/gate.ts';
import { openWarmPrinter } from '../support/printer.ts';
import { editionsAt, findBrief, loadProduct, type Product, withRow } from '../support/product.ts';

const root = join(import.meta.dirname, '../..');
const product = await loadProduct();
let printer: Printer;
beforeAll(async () => {
  printer = await openWarmPrinter();
});
afterAll(() => printer[Symbol.asyncDispose]());

const asOf = '2021-08-25';
const printed = new Map<string, Promise<Uint8Array>>();
const pdfOf = (brief: string, parameters: { readonly [name: string]: string } = {}) => {
  const made =
    printed.get(brief) ?? print(product, { brief, asOf, parameters }, { printer }).then(({ pdf }) => pdf);
  printed.set(brief, made);
  return made;
};

const repositoryOf = ({ briefs, dataset, material }: Product) => ({
  ...openProject(root, { sitrep: root }),
  loadBrief: (id: string) => Promise.resolve(findBrief({ briefs }, id)),
  loadDataset: () => Promise.resolve(dataset),
  loadMaterial: () => Promise.resolve(material),
  effects: {
    ...rendering,
    startPrinting: () => {},
    // To explain is to print nothing.
    print: () => Promise.reject(new Error('It must not print.')),
    browser: () => Promise.resolve(printer.browser),
  },
});

const ask = async (brief: string, phrase: string, { parameters = {}, of = product } = {}) =>
  explain(await pdfOf(brief, parameters), { phrase, repository: repositoryOf(of) });

/** The ids of the rows of a place, by why they are named. */
const rowsOf = ({ rows }: ExplainedPlace, why: 'comes from it' | 'cited') =>
  rows.filter((row) => row.why === why).map(({ id }) => id);
const shared = (file: string) => join(root, 'templates/_shared', file);

// What is expected here was read in data/afghanistan-2021 and counted by hand.
describe('a figure of each brief', () => {
  test('isis-quieting: 105 is a measure in two texts and two labels, and a number of days in two cells', async () => {
    const { places, warnings, edition } = await ask('isis-quieting', '105');
    expect(warnings).toEqual([]);
    expect(edition).toBe('isis-quieting/2021-08-25');
    expect(places.map(({ what, page, under }) => [what, page, under])).toEqual([
      ['paragraph', 1, 'ISIS reported silent as the Taliban take its main area in Afghanistan'],
      ['label of a chart', 1, 'ISIS reported silent as the Taliban take its main area in Afghanistan'],
      ['label of a chart', 1, 'ISIS reported silent as the Taliban take its main area in Afghanistan'],
      ['paragraph', 2, 'What is reported'],
      ['table cell', 3, 'The silence under each reading'],
      ['table cell', 3, 'The silence under each reading'],
      ['item of a list', 3, 'What weakens this'],
    ]);
    const [bottomLine, label, , reported, ...others] = places;
    const cells = others.filter(({ what }) => what === 'table cell');
    expect(bottomLine && rowsOf(bottomLine, 'comes from it')).toEqual(['F18', 'B-isis-2']);
    expect(bottomLine?.origins[0]).toMatchObject({
      kind: 'row',
      says: 'The text of B-isis-2, with its figure {F18.value}.',
      template: { file: shared('partials/masthead.hbs'), line: 44 },
      expression: 'say text',
      query: { name: 'bottom_line', file: shared('queries/bottom_line.sql') },
    });
    const measure = bottomLine?.rows[0];
    expect(measure).toMatchObject({ id: 'F18', table: 'measures', known_on: '2021-08-25', grade: 'C3' });
    expect(measure?.values).toMatchObject({ bound: '>=', value: 105, window_start: '2021-05-01' });
    expect(measure?.sources.map(({ name, reliability }) => [name, reliability])).toEqual([
      ['ISIS claims', null],
      ['Flashpoint', 'C'],
    ]);
    expect(label && rowsOf(label, 'comes from it')).toEqual(['F18']);
    expect(label?.origins[0]).toMatchObject({ kind: 'chart', query: { name: 'hero' } });
    expect(reported && rowsOf(reported, 'comes from it')).toEqual(['F18']);
    expect(reported?.origins[0]?.query?.file).toBe(join(root, 'templates/isis-quieting/reported.sql'));
    // 1 May to 13 August, both included, in the readings whose first quiet day is 14 August.
    expect(cells.map((cell) => rowsOf(cell, 'comes from it'))).toEqual([
      ['R2', 'F18'],
      ['R5', 'F18'],
    ]);
    expect(cells[0]?.origins[0]).toMatchObject({
      kind: 'finding',
      expression: 'baseline_days',
      findings: [
        {
          name: 'pause',
          kind: 'rate-change',
          file: join(root, 'templates/_afghanistan-2021/queries/readings.sql'),
        },
      ],
    });
    expect(cells[0]?.text).toMatch(/^first quiet day \| 23 August 2021, [^|]+ \| 105 \| 10 \|/);
  });

  test('isis-quieting: 106 in a sentence is a figure of a finding', async () => {
    const { places } = await ask('isis-quieting', 'the 106 days before');
    expect(places).toHaveLength(1);
    expect(places[0]?.origins[0]?.findings).toEqual([
      expect.objectContaining({
        name: 'pause',
        field: 'baseline_days',
        value: '106',
        restsOn: ['F18', 'R1', 'R2'],
      }),
    ]);
  });

  test('isis-quieting: a label of a chart is its row', async () => {
    const { places } = await ask('isis-quieting', 'at least 45 %');
    expect(places.map(({ what }) => what)).toEqual(['label of a chart']);
    expect(places[0] && rowsOf(places[0], 'comes from it')).toEqual(['F22']);
    expect(places[0]?.origins[0]?.says).toContain('shares.vl.json');
    // The label of an axis belongs to no row.
    const axis = (await ask('isis-quieting', '50')).places.find(({ what }) => what === 'label of a chart');
    expect(axis && rowsOf(axis, 'comes from it')).toEqual([]);
    expect(axis?.origins[0]?.says).toContain('belongs to no single row');
  });

  test('al-qaeda-ties: six meetings are one measure, wherever they are named', async () => {
    const { places } = await ask('al-qaeda-ties', 'six');
    expect(places.map((place) => rowsOf(place, 'comes from it'))).toEqual([
      ['F07'],
      // Its text, and its caveat.
      ['F07', 'F08'],
      ['F07', 'F08'],
    ]);
    expect(places[1]?.origins[0]).toMatchObject({
      expression: 'say text',
      says: expect.stringMatching(/of F08/),
    });
    const [interview] = (await ask('al-qaeda-ties', 'told the BBC')).places;
    expect(interview?.rows.find(({ id }) => id === 'F04')?.sources.map(({ name }) => name)).toEqual([
      'UN coordinator',
      'BBC',
      'Flashpoint',
    ]);
  });

  test('isis-quieting: the level of an interval is that of its finding', async () => {
    const { places } = await ask('isis-quieting', 'upper limit of the exact 95 per cent interval');
    const [limit] = places.filter(({ what }) => what === 'paragraph');
    expect(limit?.origins).toContainEqual(
      expect.objectContaining({ kind: 'finding', expression: 'figure "pause" "level"' }),
    );
    expect(limit && rowsOf(limit, 'comes from it')).toContain('F18');
  });

  test('weekly: what is new is counted, and each change is its row', async () => {
    const { places } = await ask('weekly', '17 new reports');
    expect(places).toHaveLength(1);
    expect(places[0]?.origins.map(({ kind }) => kind)).toEqual(['edition']);
    // The word beside an endnote is of its row.
    const marks = (await ask('weekly', 'new')).places.filter(({ origins }) =>
      origins.some(({ expression }) => expression === 't "page.changes.change" change=change'),
    );
    expect(marks.map(({ origins }) => origins.map(({ kind }) => kind))).toEqual(
      Array.from({ length: 17 }, () => ['edition']),
    );
    const reports = new Set(marks.flatMap((place) => rowsOf(place, 'comes from it')));
    expect(reports.size).toBe(17);
    expect(reports).toContain('F20');
    const reported = (await ask('weekly', 'near daily')).places.map((place) =>
      rowsOf(place, 'comes from it'),
    );
    expect(reported[0]).toEqual(['F20']);
  });
});

test('a sentence across rows names them all, and typed text says that it is typed', async () => {
  const { places } = await ask('weekly', 'No. 2021-W34-3');
  expect(places[0]?.origins.map(({ kind, template: { line } }) => [kind, line])).toEqual([
    ['template', 2],
    ['edition', 2],
  ]);
  // The page's name of the publisher is a setting of the project.
  const publisher = (await ask('weekly', 'Sitrep')).places[0]?.origins[0];
  expect(publisher).toMatchObject({ kind: 'settings', says: 'Set in sitrep.yaml, publisher.', rows: [] });
  const typed = await ask('weekly', 'Source ← through whom');
  expect(typed.places[0]?.origins[0]).toMatchObject({
    kind: 'template',
    rows: [],
    template: { file: shared('partials/endnotes.hbs'), line: 18 },
  });
});

test('says that a text is not on the page, and what is similar', async () => {
  const { places, near } = await ask('isis-quieting', 'Nangarhr');
  expect(places).toEqual([]);
  expect(near[0]).toBe('Nangarhar');
  expect((await ask('isis-quieting', '1,105')).places).toEqual([]);
  expect((await ask('isis-quieting', '  ')).places).toEqual([]);
  const phrase = await ask('isis-quieting', 'claimed at least 106 military operations inside Afghanistan');
  expect(phrase.near.join('\n')).toContain('claimed at least 105 military operations');
});

test('it warns where the data are others by now, and of a PDF that was altered', async () => {
  const of = withRow(product, 'measures', 'F18', { value: 107 });
  const other = await ask('isis-quieting', '107', { of });
  expect(other.warnings).toEqual([expect.stringContaining('has changed since')]);
  expect(other.differences.map(({ name }) => name)).toContain('F18');
  expect(other.places.length).toBeGreaterThan(0);
  const altered = Buffer.from(await pdfOf('isis-quieting'));
  const at = altered.indexOf('stream', 2000) + 200;
  altered[at] = (altered[at] ?? 0) ^ 1;
  const found = await explain(altered, { phrase: '105', repository: repositoryOf(product) });
  expect(found.warnings).toEqual([expect.stringContaining('was altered')]);
});

test('every text on every page can be traced, and marking it changes no page', async () => {
  const days = [...(await editionsAt(product, asOf)), ...(await editionsAt(product, '2019-06-30'))];
  expect(days.length).toBeGreaterThanOrEqual(8);
  const untraced = new Set<string>();
  for (const { brief: id, asOf: day, parameters } of days) {
    const brief = findBrief(product, id);
    const request = resolveEdition({ brief, dataset: product.dataset, asOf: day, paper: 'A4', parameters });
    // What is selected and drawn does not depend on whether the page is explained.
    const plain = await render(request, remembered, product.material);
    const explained = await render(request, remembered, product.material, { explained: true });
    expect(explained.html === plain.html, id).toBe(true);
    for (const piece of explained.draft.pieces)
      for (const [text] of piece.texts) {
        const put = text.put === undefined ? undefined : explained.puts[text.put];
        if (put === undefined) continue;
        const of = { matched: text.text.trim(), whole: piece.text, says: text.says.at(-1) };
        const { kind } = originOf(put, { ...of, rendered: { brief, rendering: explained } });
        if (kind === 'unknown') untraced.add(`${put.file}:${put.line} ${put.expression}`);
      }
  }
  expect([...untraced]).toEqual([]);
});
