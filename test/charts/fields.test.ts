import { describe, expect, test } from 'vitest';
import { checkChart, drawChart } from '../../src/charts/draw.ts';
import { registerChartFonts } from '../../src/charts/worker.ts';
import type { Row } from '../../src/dataset/parse-rows.ts';
import { AppError, type Fault } from '../../src/errors.ts';

await registerChartFonts();

const rows: Row[] = [
  { id: 'a', actor: 'ISIS', place: 'Kabul', day: '2021-08-01', hits: 4, low: 1, high: 6, tags: ['x', 'y'] },
  { id: 'b', actor: 'ISIS', place: 'Herat', day: '2021-08-03', hits: 2, low: 1, high: 3, tags: ['x'] },
  { id: 'c', actor: 'TTP', place: 'Kabul', day: '2021-08-09', hits: 7, low: 5, high: 9, tags: [] },
  { id: 'd', actor: 'TTP', place: 'Herat', day: '2021-08-17', hits: 3, low: 2, high: 8, tags: ['z'] },
  { id: 'e', actor: 'TTP', place: 'Herat', day: '2021-08-18', hits: 5, low: 2, high: 8, tags: ['z'] },
];
const places: Row[] = ['Kabul', 'Herat'].map((name, index) => ({
  type: 'Feature',
  properties: { name, 'short.name': name.slice(0, 1) },
  geometry: {
    type: 'Polygon',
    coordinates: [
      [
        [index, 0],
        [index, 1],
        [index + 1, 1],
        [index, 0],
      ],
    ],
  },
}));
const file = 'templates/x/bars.vl.json';

async function faultsOf(spec: object, data: { [set: string]: Row[] } = { rows }): Promise<readonly Fault[]> {
  const named = JSON.stringify(spec).includes('"name":"places"') ? { ...data, places } : data;
  try {
    const { warnings } = await drawChart({ name: 'x', file, spec, theme: {}, data: named, alt: 'A chart' });
    return warnings.map((problem) => ({ problem, hint: '' }));
  } catch (error) {
    if (error instanceof AppError && error.code === 'chart-failed') return error.faults;
    throw error;
  }
}

const data = { name: 'rows' };
const nominal = (field: string, more: object = {}) => ({ field, type: 'nominal', ...more });
const number = (field: string, more: object = {}) => ({ field, type: 'quantitative', ...more });
const bars = { data, mark: 'bar', encoding: { y: nominal('actor'), x: number('hits') } };

/** Each uses every field in a way of its own, and every field of it is there. */
const right: { readonly [kind: string]: object } = {
  'a bar': bars,
  'a count': { data, mark: 'bar', encoding: { y: nominal('actor'), x: { aggregate: 'count' } } },
  'a count of all': {
    data,
    mark: 'bar',
    encoding: { y: nominal('actor'), x: { aggregate: 'count', field: '*' } },
  },
  'a default aggregate': {
    data,
    mark: 'bar',
    encoding: {
      y: nominal('actor', { sort: { field: 'low', op: 'sum' } }),
      x: number('hits', { aggregate: 'mean' }),
    },
  },
  'lines with colour': {
    data,
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'day', type: 'temporal', timeUnit: 'yearmonthdate' },
      y: number('hits', { aggregate: 'sum' }),
      color: nominal('actor', { sort: '-y' }),
      detail: nominal('place'),
      order: { field: 'day', type: 'temporal' },
    },
  },
  'text in layers': {
    data,
    transform: [{ calculate: "datum.actor + ' ' + datum['hits']", as: 'label' }],
    encoding: { y: nominal('actor'), x: number('hits', { stack: null }) },
    layer: [
      { mark: 'bar', encoding: { tooltip: [nominal('place'), nominal('label')] } },
      { mark: { type: 'text', dx: { expr: 'datum.low' } }, encoding: { text: { field: 'label' } } },
    ],
  },
  facets: {
    data,
    facet: {
      row: nominal('place', {
        header: { labelExpr: "'at ' + datum.value" },
        sort: { field: 'hits', op: 'max' },
      }),
    },
    spec: { mark: 'bar', encoding: { y: nominal('actor'), x: number('hits') } },
  },
  'a facet by encoding': {
    data,
    mark: 'bar',
    encoding: { y: nominal('actor'), x: number('hits'), column: nominal('place') },
  },
  'a fold': {
    data,
    transform: [{ fold: ['low', 'high'] }, { calculate: 'datum.value * 2', as: 'twice' }],
    mark: 'point',
    encoding: { y: nominal('key'), x: number('twice') },
  },
  'a rank by window': {
    data,
    transform: [
      {
        window: [
          { op: 'rank', as: 'rank' },
          { op: 'sum', field: 'hits', as: 'running' },
        ],
        groupby: ['place'],
        sort: [{ field: 'day' }],
      },
      { filter: 'datum.rank <= 9' },
    ],
    mark: 'bar',
    encoding: { y: nominal('rank'), x: number('running') },
  },
  'a histogram': {
    data,
    mark: 'bar',
    encoding: { x: number('hits', { bin: { maxbins: 5 } }), y: { aggregate: 'count' } },
  },
  'bins by transform': {
    data,
    transform: [{ bin: true, field: 'hits', as: ['from', 'to'] }],
    mark: 'bar',
    encoding: { x: number('from', { bin: 'binned' }), x2: { field: 'to' }, y: { aggregate: 'count' } },
  },
  'a box plot': { data, mark: 'boxplot', encoding: { y: nominal('actor'), x: number('hits') } },
  'error bars': {
    data,
    mark: 'errorbar',
    encoding: { y: nominal('actor'), x: number('low'), x2: { field: 'high' } },
  },
  'an error band': {
    data,
    mark: { type: 'errorband', extent: 'ci' },
    encoding: { x: { field: 'day', type: 'temporal' }, y: number('hits') },
  },
  'a share by joinaggregate': {
    data,
    transform: [
      { joinaggregate: [{ op: 'sum', field: 'hits', as: 'total' }], groupby: ['actor'] },
      { calculate: 'datum.hits / datum.total', as: 'share' },
    ],
    mark: 'bar',
    encoding: { y: nominal('id'), x: number('share') },
  },
  'a pivot': {
    data,
    transform: [{ pivot: 'actor', value: 'hits', groupby: ['place'] }],
    mark: 'point',
    encoding: { y: nominal('place'), x: number('TTP') },
  },
  'a heat map': {
    data,
    mark: 'rect',
    encoding: { x: nominal('place'), y: nominal('actor'), color: number('hits', { aggregate: 'max' }) },
  },
  'an area by stack': {
    data,
    transform: [
      { aggregate: [{ op: 'count', as: 'count' }], groupby: ['actor', 'place'] },
      {
        stack: 'count',
        groupby: ['place'],
        sort: [{ field: 'actor' }],
        offset: 'normalize',
        as: ['low', 'high'],
      },
    ],
    mark: 'bar',
    encoding: { x: nominal('place'), y: number('low'), y2: { field: 'high' }, color: nominal('actor') },
  },
  'a density': {
    data,
    transform: [{ density: 'hits', groupby: ['actor'] }],
    mark: 'area',
    encoding: { x: number('value'), y: number('density', { stack: null }), color: nominal('actor') },
  },
  'a regression over points': {
    data,
    layer: [
      { mark: 'point', encoding: { x: number('low'), y: number('hits') } },
      {
        transform: [{ regression: 'hits', on: 'low' }],
        mark: 'line',
        encoding: { x: number('low'), y: number('hits') },
      },
    ],
  },
  'a loess': {
    data,
    transform: [{ loess: 'hits', on: 'low', bandwidth: 0.9 }],
    mark: 'line',
    encoding: { x: number('low'), y: number('hits') },
  },
  quantiles: {
    data,
    transform: [{ quantile: 'hits', probs: [0.25, 0.5, 0.75] }],
    mark: 'point',
    encoding: { x: number('prob'), y: number('value') },
  },
  'lists laid flat': {
    data,
    transform: [{ flatten: ['tags'], as: ['tag'] }, { filter: 'datum.tag' }],
    mark: 'bar',
    encoding: { y: nominal('tag'), x: { aggregate: 'count' } },
  },
  'values filled in': {
    data,
    transform: [{ impute: 'hits', key: 'place', groupby: ['actor'], value: 0 }],
    mark: 'bar',
    encoding: { y: nominal('actor'), x: number('hits'), color: nominal('place') },
  },
  'a time unit by transform, and an extent': {
    data,
    transform: [
      { timeUnit: 'yearweek', field: 'day', as: 'week' },
      { extent: 'hits', param: 'all' },
      { calculate: 'datum.hits / all[1]', as: 'share' },
    ],
    mark: 'line',
    encoding: { x: { field: 'week', type: 'temporal' }, y: number('share') },
  },
  'a map with a look-up': {
    data: { name: 'places' },
    transform: [{ lookup: 'properties.name', from: { data, key: 'place', fields: ['hits', 'actor'] } }],
    projection: { type: 'mercator' },
    mark: 'geoshape',
    encoding: {
      color: number('hits'),
      tooltip: [{ field: 'properties.name' }, { field: 'properties.short\\.name' }],
    },
  },
  'points on a map': {
    layer: [
      { data: { name: 'places' }, projection: { type: 'mercator' }, mark: 'geoshape' },
      {
        data,
        projection: { type: 'mercator' },
        mark: 'circle',
        encoding: { longitude: number('low'), latitude: number('hits') },
      },
    ],
  },
  'a condition, a selection and a label by expression': {
    data,
    params: [{ name: 'pick', select: { type: 'point', fields: ['actor'] } }],
    mark: 'bar',
    encoding: {
      y: nominal('actor', { axis: { labelExpr: "datum.label + ' (' + datum.index + ')'" } }),
      x: number('hits'),
      opacity: { condition: { param: 'pick', value: 1 }, value: 0.5 },
      color: {
        condition: { test: { field: 'hits', gte: 4 }, ...nominal('place') },
        value: 'grey',
      },
    },
  },
  'charts side by side, and repeated': {
    data,
    hconcat: [
      bars,
      {
        repeat: { layer: ['low', 'high'] },
        spec: {
          mark: 'line',
          encoding: {
            x: nominal('id'),
            y: number('low', { field: { repeat: 'layer' } }),
            color: { datum: { repeat: 'layer' } },
          },
        },
      },
    ],
  },
  'rows of numbers that the spec counts': {
    layer: [
      bars,
      {
        data: { sequence: { start: 0, stop: 3, as: 'at' } },
        mark: 'rule',
        encoding: { x: number('at') },
      },
    ],
  },
};

test.each(Object.entries(right))(
  '%s is drawn: each field is a column or made by a transform',
  async (_, spec) => {
    expect(await faultsOf(spec)).toEqual([]);
  },
);

/** A spec of those above with one word misspelt: where the fault lies, and what it suggests. */
const wrong: readonly (readonly [kind: string, from: string, to: string, place: string, similar: string])[] =
  [
    ['a bar', '"field":"actor"', '"field":"aktor"', 'encoding.y.field', 'actor'],
    ['a default aggregate', '"field":"low"', '"field":"lowe"', 'encoding.y.sort.field', 'low'],
    ['lines with colour', '"field":"actor"', '"field":"acter"', 'encoding.color.field', 'actor'],
    ['lines with colour', '"field":"place"', '"field":"plaec"', 'encoding.detail.field', 'place'],
    ['lines with colour', '"order":{"field":"day"', '"order":{"field":"days"', 'encoding.order.field', 'day'],
    ['text in layers', 'datum.actor', 'datum.aktor', 'transform[0].calculate', 'actor'],
    ['text in layers', "datum['hits']", "datum['hist']", 'transform[0].calculate', 'hits'],
    ['text in layers', 'datum.low', 'datum.loww', 'layer[1].mark.dx.expr', 'low'],
    ['text in layers', '"field":"place"', '"field":"plice"', 'layer[0].encoding.tooltip[0].field', 'place'],
    [
      'text in layers',
      '"text":{"field":"label"',
      '"text":{"field":"lable"',
      'layer[1].encoding.text.field',
      'label',
    ],
    ['facets', '"row":{"field":"place"', '"row":{"field":"palce"', 'facet.row.field', 'place'],
    ['facets', '"sort":{"field":"hits"', '"sort":{"field":"hit"', 'facet.row.sort.field', 'hits'],
    ['a facet by encoding', '"field":"place"', '"field":"places"', 'encoding.column.field', 'place'],
    ['a fold', '["low","high"]', '["low","hihg"]', 'transform[0].fold[1]', 'high'],
    ['a fold', '"field":"key"', '"field":"keys"', 'encoding.y.field', 'key'],
    ['a rank by window', '"field":"running"', '"field":"runing"', 'encoding.x.field', 'running'],
    ['a rank by window', 'datum.rank', 'datum.rnak', 'transform[1].filter', 'rank'],
    ['a rank by window', '["place"]', '["plac"]', 'transform[0].groupby[0]', 'place'],
    ['a histogram', '"field":"hits"', '"field":"hist"', 'encoding.x.field', 'hits'],
    ['a box plot', '"field":"hits"', '"field":"hist"', 'encoding.x.field', 'hits'],
    ['error bars', '"field":"high"', '"field":"hight"', 'encoding.x2.field', 'high'],
    [
      'a share by joinaggregate',
      '"op":"sum","field":"hits"',
      '"op":"sum","field":"hist"',
      'transform[0].joinaggregate[0].field',
      'hits',
    ],
    ['a pivot', '"pivot":"actor"', '"pivot":"actors"', 'transform[0].pivot', 'actor'],
    ['a heat map', '"field":"hits"', '"field":"hist"', 'encoding.color.field', 'hits'],
    ['a density', '"field":"density"', '"field":"denisty"', 'encoding.y.field', 'density'],
    ['a loess', '"on":"low"', '"on":"loww"', 'transform[0].on', 'low'],
    ['lists laid flat', '"flatten":["tags"]', '"flatten":["tgas"]', 'transform[0].flatten[0]', 'tags'],
    ['values filled in', '"key":"place"', '"key":"plce"', 'transform[0].key', 'place'],
    ['a map with a look-up', '"key":"place"', '"key":"plcae"', 'transform[0].from.key', 'place'],
    ['a map with a look-up', '["hits","actor"]', '["hits","aktor"]', 'transform[0].from.fields[1]', 'actor'],
    [
      'a map with a look-up',
      '"lookup":"properties.name"',
      '"lookup":"propertys.name"',
      'transform[0].lookup',
      'properties',
    ],
    ['points on a map', '"field":"low"', '"field":"lowe"', 'layer[1].encoding.longitude.field', 'low'],
    [
      'a condition, a selection and a label by expression',
      '"field":"hits","gte"',
      '"field":"hit","gte"',
      'encoding.color.condition.test.field',
      'hits',
    ],
    [
      'a condition, a selection and a label by expression',
      '"field":"place"',
      '"field":"plase"',
      'encoding.color.condition.field',
      'place',
    ],
    [
      'charts side by side, and repeated',
      '["low","high"]',
      '["low","highh"]',
      'hconcat[1].repeat.layer[1]',
      'high',
    ],
  ];

test.each(wrong)('%s with %s as %s is refused at %s', async (kind, from, to, place, similar) => {
  const text = JSON.stringify(right[kind]);
  expect(text).toContain(from);
  const faults = await faultsOf(JSON.parse(text.replace(from, to)));
  expect(faults).toMatchObject([{ file, field: place, hint: `Did you mean "${similar}"?` }]);
  expect(faults[0]?.problem).toMatch(/^There is no field ".+" in "(rows|places)": no query returns it/);
});

describe('the columns of a data set', () => {
  const marker = { data: { name: 'marker' }, mark: 'rule', encoding: { x: number('att') } };
  const spec = { layer: [bars, marker] };
  const check = (columns: readonly string[] | null) =>
    checkChart(spec, { theme: {}, file, columns: { rows: ['actor', 'hits'], marker: columns } });

  test('without rows are those of its query', async () => {
    const drawing = drawChart({
      name: 'x',
      file,
      spec,
      theme: {},
      data: { rows, marker: [] },
      columns: { marker: ['at'] },
      alt: 'A chart',
    });
    await expect(drawing).rejects.toMatchObject({ faults: [{ field: 'layer[1].encoding.x.field' }] });
    expect(check(['at'])).toMatchObject([
      { problem: expect.stringMatching(/^There is no field "att" in "marker"/), hint: 'Did you mean "at"?' },
    ]);
    expect(check(['att'])).toEqual([]);
  });

  test('that are unknown cause no fault', () => expect(check(null)).toEqual([]));

  test('of another data set are not its own', () => {
    const layers = {
      layer: [bars, { data: { name: 'marker' }, mark: 'rule', encoding: { x: number('hits') } }],
    };
    const columns = { rows: ['actor', 'hits'], marker: ['at', 'label'] };
    expect(checkChart(layers, { theme: {}, file, columns })).toEqual([
      {
        file,
        field: 'layer[1].encoding.x.field',
        problem:
          'There is no field "hits" in "marker": no query returns it as a column, and no transform creates it.',
        hint: 'Correct the name, or add it to the query. The columns are at, label.',
      },
    ]);
  });

  test('are checked anew when a query gives others', async () => {
    expect(await faultsOf(bars)).toEqual([]);
    const renamed = rows.map(({ hits, ...others }) => ({ ...others, total: hits ?? 0 }));
    expect(await faultsOf(bars, { rows: renamed })).toMatchObject([{ field: 'encoding.x.field' }]);
  });
});

test('a field that is misspelt in three places is one fault', async () => {
  const mark = (type: string) => ({ mark: type, encoding: { x: number('hist'), y: nominal('actor') } });
  expect(await faultsOf({ data, layer: [mark('bar'), mark('tick'), mark('point')] })).toMatchObject([
    { field: 'layer[0].encoding.x.field', problem: expect.stringMatching(/uses it in 3 places\.$/) },
  ]);
});
