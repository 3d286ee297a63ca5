import { expect, test } from 'vitest';
import { registerChartFonts } from '../../src/charts/worker.ts';
import { AppError } from '../../src/errors.ts';
import { checkBrief } from '../../src/production/check-brief.ts';
import { openQueries } from '../../src/query/database.ts';
import { type Held, heldBefore } from '../support/gate.ts';
import {
  findBrief,
  loadProduct,
  type Product,
  renderEdition,
  swapText,
  withBrief,
} from '../support/product.ts';

await registerChartFonts();
const right = await loadProduct();
const asOf = '2021-08-25';
const sql = `SELECT * FROM (VALUES
  ('F01', 'Al-Qaeda', 4, DATE '2021-08-01'), ('F02', 'ISIS', 2.5, DATE '2021-08-25')
) AS rows(id, actor, number, day) ORDER BY id`;

/** The celebrations with a chart of our own in place of its own, over a query that gives two rows. */
const withChart = (spec: object, query = sql): Product =>
  withBrief(right, 'celebrations', (brief) => {
    const matrix = brief.charts['matrix'];
    if (matrix === undefined) throw new Error('The celebrations have no matrix.');
    const text = JSON.stringify({ data: { name: 'rows' }, ...spec }, null, 2);
    const source = { file: 'templates/celebrations/own.vl.json', text };
    const { leavesOut: _, aggregated: __, ...settings } = matrix;
    const chart = { ...settings, captions: [], spec: 'own.vl.json', data: { rows: 'own' }, rows: 'own' };
    return {
      ...brief,
      config: { ...brief.config, charts: { matrix: chart } },
      queries: { ...brief.queries, own: { file: 'templates/celebrations/own.sql', text: query } },
      charts: { matrix: { ...chart, source, parsed: JSON.parse(text) } },
    };
  });
const held = (product: Product): Promise<Held> => heldBefore(product, { brief: 'celebrations', asOf });
/** Faults of the chart, each as `line 4, field mark: …`. */
async function refused(product: Product): Promise<string> {
  const error: unknown = await held(product).catch((cause: unknown) => cause);
  if (!(error instanceof AppError)) throw new Error(`It is not refused: ${JSON.stringify(error)}`);
  expect(error.code).toBe('chart-failed');
  return error.message.replaceAll('templates/celebrations/own.vl.json, ', '');
}
const named = { field: 'actor', type: 'nominal' };
const number = { field: 'number', type: 'quantitative' };
const day = { field: 'day', type: 'temporal' };
const bar = { mark: 'bar', encoding: { y: named, x: number } };

test.each([
  ['a bar chart', bar],
  ['columns', { mark: 'bar', encoding: { x: named, y: number } }],
  ['points', { mark: 'point', encoding: { x: day, y: number } }],
  ['a heat map with a legend', { mark: 'rect', encoding: { x: named, y: { field: 'day' }, color: number } }],
  ['a title', { title: 'Reports', width: 60, ...bar }],
])('%s without any setting but its fields passes', async (_, spec) => {
  const { 'known-by-cut-off': __, ...others } = await held(withChart(spec));
  expect(others).toEqual({});
});

test.each([
  [
    'an axis',
    `SELECT 'F01' AS id, NULL::VARCHAR AS actor, 2 AS number`,
    bar,
    /^The axis label "null" shows a missing value\./,
  ],
  [
    'a legend',
    `SELECT 'F01' AS id, NULL::VARCHAR AS actor, 2 AS number`,
    { mark: 'bar', encoding: { x: number, color: named } },
    /^The legend label "null" shows/,
  ],
  [
    'a text that is put together',
    sql,
    {
      transform: [{ calculate: "datum.number / toNumber('x') + ' reports'", as: 'label' }],
      mark: 'text',
      encoding: { y: named, text: { field: 'label' } },
    },
    /^The text "NaN reports" shows a missing value\./,
  ],
  [
    'a day',
    sql,
    {
      transform: [{ calculate: "utcFormat(toDate('some day'), '%d')", as: 'label' }],
      mark: 'text',
      encoding: { y: named, text: { field: 'label' } },
    },
    /^The text ".*NaN.*" shows a missing value\./,
  ],
  [
    'a title',
    sql,
    { title: { text: { expr: "'' + data('rows').rows" } }, ...bar },
    /^The title "undefined" shows a missing value\./,
  ],
])('a label of %s that shows a missing value is refused', async (_, query, spec, says) => {
  const { 'chart-labels': faults } = await held(withChart(spec, query));
  expect(faults?.map(({ problem }) => problem)).toEqual([expect.stringMatching(says)]);
  expect(faults?.[0]).toMatchObject({
    file: 'templates/celebrations/own.vl.json',
    hint: expect.stringMatching(/coalesce/),
  });
});

test('a label may hold such a word, where it is the word of a row', async () => {
  const query = `SELECT 'F01' AS id, 'Border (undefined), null and void' AS actor, 2 AS number`;
  expect(await held(withChart(bar, query))).not.toHaveProperty('chart-labels');
});

const spoilt = (from: string, to: string) =>
  refused(withChart(JSON.parse(swapText(JSON.stringify(bar), from, to))));

test.each([
  [
    '"field":"actor"',
    '"field":"aktor"',
    'line 8, field encoding.y.field: There is no field "aktor" in "rows": no query returns it as a column, and no transform creates it. Did you mean "actor"?',
  ],
  ['"mark"', '"marks"', 'line 5, field marks: Vega-Lite has no property "marks" here. Did you mean "mark"?'],
  [
    '"encoding"',
    '"encodng"',
    'line 6, field encodng: Vega-Lite has no property "encodng" here. Did you mean "encoding"?',
  ],
  [
    'quantitative',
    'quantative',
    'line 13, field encoding.x.type: Vega-Lite does not accept "quantative" here. Did you mean "quantitative"?',
  ],
  ['"bar"', '"baar"', 'line 5, field mark: Vega-Lite does not accept "baar" here. Did you mean "bar"?'],
  [
    '"y"',
    '"colour"',
    'line 7, field encoding.colour: Vega-Lite has no property "colour" here. Did you mean "color"?',
  ],
  [
    '"field":"number"',
    '"titel":"n","field":"number"',
    'line 12, field encoding.x.titel: Vega-Lite has no property "titel" here. Did you mean "title"?',
  ],
  [
    '"field":"number"',
    '"aggregate":"summ","field":"number"',
    'line 12, field encoding.x.aggregate: Vega-Lite does not accept "summ" here. Did you mean "sum"?',
  ],
  [
    '"field":"number"',
    '"timeUnit":"yearmonht","field":"number"',
    'line 12, field encoding.x.timeUnit: Vega-Lite does not accept "yearmonht" here. Did you mean "yearmonth"?',
  ],
  ['"mark":"bar",', '', 'The property "mark" is missing. Add it.'],
])('a spec with %s as %s is refused with its line and the word', async (from, to, says) => {
  const message = await spoilt(from, to);
  expect(message).not.toContain('\n');
  expect(message.slice(message.indexOf(says))).toBe(says);
});

test('a property that has no effect in its place is accepted', async () => {
  const spec = {
    mark: 'bar',
    encoding: { y: named, x: number, x2: { field: 'number', type: 'quantitative' } },
  };
  expect(await held(withChart(spec))).not.toHaveProperty('chart-warnings');
});

test.each(['2020-05-26', '2020-05-27', '2020-05-28', '2020-05-29', '2020-05-30', '2020-05-31', '2020-06-01'])(
  'a month that is not over is drawn to the cut-off: %s',
  async (on) => {
    for (const brief of ['weekly', 'al-qaeda-ties'])
      expect(await heldBefore(right, { brief, asOf: on })).toEqual({});
  },
);

test('labels that overlap for one reason are one fault, with their number', async () => {
  const spec = {
    data: { name: 'rows' },
    mark: 'text',
    encoding: { y: named, x: { field: 'number', type: 'nominal', axis: null }, text: { field: 'actor' } },
    height: { step: 3 },
  };
  const query = `SELECT * FROM (VALUES ('F01', 'ISIS', 1), ('F02', 'TTP', 1), ('F03', 'Al-Qaeda', 1)) AS rows(id, actor, number)`;
  const faults = await held(withChart(spec, query));
  expect(faults['chart-overlap']?.[0]?.count).toBeGreaterThan(1);
  expect(faults['chart-overlap']?.map(({ problem }) => problem)).toEqual([
    expect.stringMatching(/^The labels "[^"]+" and "[^"]+" overlap\.$/),
  ]);
});

/** The celebrations with a chart of our own, placed as a newcomer would place it. */
const placed = (query: string): Product =>
  withBrief(withChart(bar, query), 'celebrations', (brief) => {
    const text = brief.template.text.replace(/\{\{> chart [^}]*\}\}/, '{{> chart}}');
    expect(text).toContain('{{> chart}}');
    return { ...brief, template: { ...brief.template, text } };
  });

test.each([
  ['F01', /Source: note <span [^>]*><a href="#note-\d+">\d+<\/a><\/span>\./],
  ['F02', /Source: notes <span [^>]*><a [^>]*>\d+<\/a>,<a /],
])('a chart cites what its rows cite: F01 and %s', async (other, says) => {
  const query = `SELECT * FROM (VALUES ('Al-Qaeda', 4, ['F01']), ('ISIS', 2, ['${other}'])) AS rows(actor, number, cites)`;
  const { html } = await renderEdition(placed(query), { brief: 'celebrations', asOf });
  const figure = /<figure class="chart matrix"[^]*?<\/figure>/.exec(html)?.[0] ?? '';
  expect(figure).toMatch(says);
});

test.each([
  ['names rows in no column', sql],
  ['only counts', "SELECT 'events' AS actor, CAST(count(*) AS INTEGER) AS number FROM events"],
])('a chart that cites nothing is one fault, at its entry in brief.yaml: its query %s', async (_, query) => {
  const faults = await held(placed(query));
  expect(Object.keys(faults)).toEqual(['charts-cite']);
  const { file, text } = findBrief(right, 'celebrations').definition;
  expect(faults['charts-cite']).toEqual([
    {
      file,
      line: text.split('\n').indexOf('  matrix:') + 1,
      field: 'charts.matrix',
      rule: 'charts-cite',
      problem: 'The chart "matrix" cites no row.',
      hint: expect.stringMatching(/a column "cites".*\{\{> chart cites=\(column rows "id"\)\}\}/),
    },
  ]);
});

test('a field is checked against the columns of a query that gives no rows', async () => {
  const check = (field: string) =>
    checkBrief(
      findBrief(
        withChart({ ...bar, encoding: { x: number, y: { field } } }, `${sql} LIMIT 0`),
        'celebrations',
      ),
      openQueries,
    );
  await expect(check('actor')).resolves.toEqual({ warnings: [] });
  await expect(check('aktor')).rejects.toMatchObject({
    code: 'brief-invalid',
    faults: [{ field: 'encoding.y.field', line: 12, hint: 'Did you mean "actor"?' }],
  });
});

test('a misspelt query of a chart is one fault, with the nearest name', async () => {
  const product = withBrief(right, 'celebrations', (brief) => {
    const [[name, chart] = []] = Object.entries(brief.charts);
    if (name === undefined || chart === undefined) throw new Error('The brief has no chart.');
    return { ...brief, charts: { ...brief.charts, [name]: { ...chart, rows: 'matrix_cels' } } };
  });
  const error = await held(product).catch((cause: unknown) => cause);
  if (!(error instanceof AppError)) throw error;
  expect(error.faults).toMatchObject([
    { problem: 'There is no query or finding "matrix_cels".', hint: 'Did you mean "matrix_cells"?' },
  ]);
});
