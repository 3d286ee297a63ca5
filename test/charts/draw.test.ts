import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { createCanvas, GlobalFonts } from 'canvas';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ChartRequest, drawChart } from '../../src/charts/draw.ts';
import type { Box, Scene } from '../../src/charts/scene.ts';
import { AppError, type Fault } from '../../src/errors.ts';
import type { Rendering } from '../../src/rules/gate.ts';
import { labelsOf } from '../support/page.ts';
import { editionsAt, findBrief, loadProduct, type NamedEdition, renderEdition } from '../support/product.ts';
import { chartData, sceneOf } from '../support/scene.ts';

const root = join(import.meta.dirname, '../..');
const product = await loadProduct();
const fullCoverage = '2021-08-25';
const all = await editionsAt(product, fullCoverage);
const editions = new Map<string, Rendering>();
for (const edition of all) editions.set(edition.name, await renderEdition(product, edition));
const { parsed: theme } = findBrief(product, 'weekly').theme;

const bars = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  width: 100,
  height: { step: 20 },
  data: { name: 'rows' },
  encoding: { y: { field: 'label', type: 'nominal', axis: { title: null } } },
  layer: [
    { mark: 'bar', encoding: { x: { field: 'value', type: 'quantitative', axis: null } } },
    { mark: { type: 'text', align: 'left' }, encoding: { text: { field: 'label' } } },
  ],
};
const rows = [
  { label: 'one', value: 1 },
  { label: 'two', value: 2 },
];
const draw = (request: Partial<ChartRequest> = {}) =>
  drawChart({
    name: 'bars',
    file: 'templates/x/bars.vl.json',
    spec: bars,
    theme,
    data: { rows },
    alt: 'Two bars',
    ...request,
  });

async function faultsOf(request: Partial<ChartRequest>): Promise<readonly Fault[]> {
  try {
    const { warnings } = await draw(request);
    // Warnings hold the edition, and not the drawing.
    return warnings.map((problem) => ({ file: 'templates/x/bars.vl.json', problem, hint: '.' }));
  } catch (error) {
    if (error instanceof AppError && error.code === 'chart-failed') return error.faults;
    throw error;
  }
}
/** Where the one fault of a chart is, and what it is. */
async function faultOf(request: Partial<ChartRequest>): Promise<unknown> {
  const faults = await faultsOf(request);
  expect(faults.map(({ file }) => file)).toEqual(['templates/x/bars.vl.json']);
  expect(faults[0]?.hint).toMatch(/\.$/);
  return [faults[0]?.field, faults[0]?.problem];
}

describe('the specs under templates/', () => {
  let validate: ValidateFunction;
  beforeAll(async () => {
    const schema = join(root, 'node_modules/vega-lite/build/vega-lite-schema.json');
    const ajv = new Ajv({ strict: false, validateFormats: false });
    validate = ajv.compile(JSON.parse(await readFile(schema, 'utf8')));
  });
  const specs = new Map(
    product.briefs.flatMap(({ charts }) =>
      Object.values(charts).map(({ source }) => [source.file, source.text]),
    ),
  );

  test.each([...specs])('%s is valid Vega-Lite', (_, text) => {
    validate(JSON.parse(text));
    expect(validate.errors).toBeNull();
  });

  test.each([
    ['property', (text: string) => text.replace('"mark"', '"marc"')],
    ['property of a mark', (text: string) => text.replace('"type": "bar"', '"type": "bar", "colour": "red"')],
    ['mark', (text: string) => text.replace('"type": "bar"', '"type": "baar"')],
  ])('a %s that does not exist would be found', (_, spoil) => {
    const [text = ''] = [...specs].flatMap(([file, spec]) => (file.endsWith('shares.vl.json') ? [spec] : []));
    expect(spoil(text)).not.toBe(text);
    expect(validate(JSON.parse(spoil(text)))).toBe(false);
  });
});

describe('the charts of the briefs at full coverage', () => {
  const drawn = all.flatMap((edition) =>
    Object.keys(editions.get(edition.name)?.charts ?? {}).map((chart) => ({
      id: edition.name,
      edition,
      chart,
    })),
  );
  const scene = async (edition: NamedEdition, chart: string): Promise<Scene> => {
    const charts = editions.get(edition.name)?.charts ?? {};
    const data = (await chartData(product, edition))[chart] ?? {};
    const found = await sceneOf(charts[chart]?.compiled ?? {}, data);
    // The scene is the drawing that was printed: the same labels.
    expect(found.texts.map(({ text }) => text).toSorted()).toEqual(
      labelsOf(charts[chart]?.svg ?? '')
        .filter((label) => label !== '')
        .toSorted(),
    );
    return found;
  };

  test.each(drawn)(
    '$id, $chart: all of it within the drawing, and no label over another',
    async ({ edition, chart }) => {
      const found = await scene(edition, chart);
      expect(found.texts.length).toBeGreaterThan(1);
      expect(found.marks.length).toBeGreaterThan(1);
      expect(outside(found)).toEqual([]);
      expect(overlaps(found)).toEqual([]);
    },
  );

  test('a label outside, a mark outside and two labels in one place would be found', async () => {
    const spec = { ...bars, autosize: 'none', padding: 0 };
    const data = {
      rows: [...rows, { label: 'a label that is longer than the drawing is wide', value: 500 }],
    };
    const { compiled } = await draw({ spec, data });
    const found = await sceneOf(compiled, data);
    expect(outside(found)).toContain('a label that is longer than the drawing is wide');
    const moved = {
      ...found,
      marks: [{ type: 'rect', role: 'mark', row: null, cut: false, left: -9, top: 0, right: 1, bottom: 1 }],
    };
    expect(outside(moved)).toContain('rect');
    const one = { text: 'one', role: 'mark', row: null, cut: false, left: 0, top: 0, right: 20, bottom: 10 };
    expect(overlaps({ ...found, texts: [one, { ...one, text: 'two', left: 18 }] })).toEqual(['one | two']);
    expect(overlaps({ ...found, texts: [one, { ...one }] })).toEqual([]);
  });

  test('each has its text alternative once, and no other role or label', () => {
    let looked = 0;
    for (const { name: id, brief } of all) {
      const { charts = {}, html = '' } = editions.get(id) ?? {};
      for (const [name, { svg }] of Object.entries(charts)) {
        looked += 1;
        expect(svg.match(/ (?:role|aria-[a-z]+)=/g)).toEqual([' role=', ' aria-label=']);
        const alt = /^<svg [^>]*role="img" aria-label="([^"]+)"/.exec(svg)?.[1] ?? '';
        expect(alt).toContain(findBrief(product, brief).config.charts[name]?.alt);
        expect(html.split(alt)).toHaveLength(2);
      }
    }
    expect(looked).toBeGreaterThan(7);
  });

  test('ids are unique in a page, and every reference lands', () => {
    let references = 0;
    for (const { html } of editions.values()) {
      const ids = [...html.matchAll(/\bid="([^"]+)"/g)].map(([, each]) => each);
      expect(ids.filter((each, index) => ids.indexOf(each) !== index)).toEqual([]);
      for (const [, target] of html.matchAll(/url\(#([^)]+)\)/g)) {
        expect(ids).toContain(target);
        references += 1;
      }
    }
    expect(references).toBeGreaterThan(4);
  });

  test('one without rows is left out', async () => {
    const { charts, html } = await renderEdition(product, { brief: 'isis-quieting', asOf: '2019-06-30' });
    expect(charts).toEqual({});
    expect(html).not.toContain('<svg');
  });
});

describe('what is drawn', () => {
  test('is the same each time, other charts before it or not', async () => {
    const gradient = {
      ...bars,
      layer: [
        {
          mark: {
            type: 'bar',
            fill: {
              gradient: 'linear',
              stops: [
                { offset: 0, color: 'red' },
                { offset: 1, color: 'blue' },
              ],
            },
          },
          encoding: { x: { field: 'value', type: 'quantitative' } },
        },
      ],
    };
    const drawn = async () => {
      const { drawPicture: _, ...drawing } = await draw({ spec: gradient });
      return drawing;
    };
    const first = await drawn();
    await draw();
    const other = await draw({ spec: gradient, name: 'more' });
    expect(await drawn()).toEqual(first);
    const [, gradientId] = /<linearGradient [^>]*id="(bars-[^"]+)"/.exec(first.svg) ?? [];
    expect(gradientId).toBeDefined();
    expect(first.svg).toContain(`url(#${gradientId})`);
    expect(other.svg).toBe(first.svg.replaceAll('bars-', 'more-'));
  });

  test('keeps its text, whatever the text looks like', async () => {
    const hostile = [
      '</text><script>alert(1)</script>',
      'a role="img" aria-label="x" id="y" url(#z)',
      '"\'><image href="http://x.invalid/">',
      '1.23456 & x="9.87654321"',
    ];
    const { svg } = await draw({
      data: { rows: hostile.map((label) => ({ label, value: 1 })) },
      theme: { ...theme, axis: { labelLimit: 0 } },
      alt: hostile.join(' '),
    });
    // Each is a label of the axis, and a label of its bar.
    expect(labelsOf(svg).toSorted()).toEqual([...hostile, ...hostile].toSorted());
    expect(new Set(svg.match(/<[a-zA-Z]+/g))).toEqual(new Set(['<svg', '<g', '<path', '<line', '<text']));
    expect(svg).toMatch(
      /^<svg [^>]*aria-label="&lt;\/text&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt; a role=&quot;img&quot;/,
    );
  });

  // A browser prints none of them, so the gate would miss them in the PDF.
  test('leaves out the labels that Vega hides for want of room', async () => {
    const { svg, scene } = await draw({
      spec: {
        width: 400,
        height: 160,
        data: { name: 'rows' },
        mark: 'line',
        encoding: {
          x: { field: 'day', type: 'temporal' },
          y: { field: 'value', type: 'quantitative' },
        },
      },
      data: {
        rows: Array.from({ length: 28 }, (_, index) => ({
          day: `2022-06-${String(index + 1).padStart(2, '0')}`,
          value: index,
        })),
      },
    });
    const drawn = [...svg.matchAll(/<text\b[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    expect(drawn).toContain('June');
    expect(drawn.toSorted()).toEqual(scene.texts.map(({ text }) => text).toSorted());
  });

  test('is measured with its own font', async () => {
    const label = 'ISIS claims ≥ 105 – Sarwan Qal‘ah';
    const widthOf = (font: string): number => {
      const context = createCanvas(1, 1).getContext('2d');
      context.font = `10.7px ${font}`;
      return context.measureText(label).width;
    };
    const data = { rows: [{ label, value: 1 }] };
    const measure = async (font: string) => {
      const { compiled } = await draw({
        data,
        theme: { ...theme, axis: { labelFont: font, labelFontSize: 10.7 } },
      });
      const { texts } = await sceneOf(compiled, data);
      const axis = texts.find(({ left }) => left < 10);
      return (axis?.right ?? 0) - (axis?.left ?? 0);
    };
    expect(GlobalFonts.has('Source Sans 3')).toBe(true);
    const exact = widthOf("'Source Sans 3'");
    expect(await measure("'Source Sans 3'")).toBeCloseTo(exact, 1);
    // Where it cannot measure, Vega takes every letter to be 0.8 of its size wide.
    expect(Math.abs(label.length * 10.7 * 0.8 - exact)).toBeGreaterThan(2);
  });

  test('is measured with the Arabic font where it is Arabic', async () => {
    const label = 'الطرق_المغلقة_٢٠٢١'.replaceAll('_', '\u0640');
    const widthOf = (font: string): number => {
      const context = createCanvas(1, 1).getContext('2d');
      context.font = `11px ${font}`;
      return context.measureText(label).width;
    };
    const { scene } = await draw({
      data: { rows: [{ label, value: 1 }] },
      theme: { ...theme, axis: { labelFontSize: 11, labelFont: "'Source Sans 3'" } },
    });
    const axis = scene.texts.find(({ role }) => role === 'axis-label');
    expect(GlobalFonts.has('Noto Sans Arabic')).toBe(true);
    expect((axis?.right ?? 0) - (axis?.left ?? 0)).toBeCloseTo(widthOf("'Noto Sans Arabic'"), 1);
  });
});

describe('what a spec may not do', () => {
  const changed = (changes: object) => ({ spec: { ...bars, ...changes } });
  const dropped = { field: 'value', type: 'quantitative', scale: { paddingInner: 0.1 } };
  const layer = (mark: unknown, encoding: object = {}) => ({
    spec: { ...bars, layer: [{ mark, encoding }] },
  });

  test.each([
    [
      'read an address',
      changed({ data: { url: 'https://x.invalid/a.csv' } }),
      'data.url',
      /may not use "url"/,
    ],
    ['read a file', changed({ data: { name: 'rows', url: '/etc/passwd' } }), 'data.url', /may not use "url"/],
    [
      'read a file in a lookup',
      changed({
        transform: [{ lookup: 'label', from: { data: { url: 'a.csv' }, key: 'a', fields: ['b'] } }],
      }),
      'transform[0].from.data.url',
      /may not use "url"/,
    ],
    [
      'link',
      layer('bar', { href: { value: 'https://x.invalid' } }),
      'layer[0].encoding.href',
      /may not use "href"/,
    ],
    ['link from a mark', layer({ type: 'bar', href: 'x' }), 'layer[0].mark.href', /may not use "href"/],
    ['show an image', layer({ type: 'image' }), 'layer[0].mark.type', /may not show images/],
    ['show an image in short', layer('image'), 'layer[0].mark', /may not show images/],
    [
      'name an image in an encoding',
      layer('bar', { url: { field: 'label' } }),
      'layer[0].encoding.url',
      /"url"/,
    ],
    ['configure a loader', changed({ usermeta: { embedOptions: { loader: {} } } }), 'usermeta', /"usermeta"/],
    ['bring named data', changed({ datasets: { more: [{ a: 1 }] } }), 'datasets', /may not use "datasets"/],
    [
      'bring data',
      changed({ layer: [{ data: { values: [{ a: 1 }] }, mark: 'bar' }] }),
      'layer[0].data',
      /its own data/,
    ],
    [
      'bring named values',
      changed({ layer: [{ data: { name: 'rows', values: [] }, mark: 'bar' }] }),
      'layer[0].data',
      /its own/,
    ],
  ])('%s', async (_, request, field, problem) => {
    const faults = await faultsOf(request);
    expect(faults).toContainEqual({
      file: 'templates/x/bars.vl.json',
      field,
      problem: expect.stringMatching(problem),
      hint: expect.stringMatching(/\.$/),
    });
  });

  test('an address in the place of the data is one fault', async () => {
    const faults = await faultsOf(changed({ data: { url: 'https://x.invalid/a.csv' } }));
    expect(faults.map(({ field }) => field)).toEqual(['data.url']);
  });

  test.each([
    ['rows without end', { data: { sequence: { start: 0, stop: 1e12 } } }, 'layer[0].data.sequence'],
    ['steps of nought', { data: { sequence: { start: 0, stop: 1, step: 0 } } }, 'layer[0].data.sequence'],
    ['a grid too fine', { data: { graticule: { step: [1e-9, 1e-9] } } }, 'layer[0].data.graticule'],
    [
      'a list by expression',
      { transform: [{ calculate: 'length(sequence(1e12))', as: 'a' }] },
      'layer[0].transform[0].calculate',
    ],
    [
      'a text by expression',
      { transform: [{ calculate: "pad('a', 1e12)", as: 'a' }] },
      'layer[0].transform[0].calculate',
    ],
    [
      'ticks without end',
      { encoding: { x: { field: 'value', type: 'quantitative', axis: { tickCount: 1e12 } } } },
      'layer[0].encoding.x.axis.tickCount',
    ],
  ])('ask for what never ends: %s', async (_, more, field) => {
    const faults = await faultsOf({ spec: { ...bars, layer: [{ mark: 'bar', ...more }] } });
    expect(faults.map((fault) => fault.field)).toContain(field);
  });

  test('load through a colour that is computed or comes from data', async () => {
    const computed = { type: 'bar', fill: { expr: "'url(' + 'https://x.invalid/a.svg#a)'" } };
    const problem = 'The drawing refers to url(https://x.invalid/a.svg#a), but charts may not load anything.';
    expect(await faultOf(layer(computed, { x: { field: 'value', type: 'quantitative' } }))).toEqual([
      undefined,
      problem,
    ]);
    const held = layer('bar', { fill: { field: 'colour', scale: null } });
    const data = { rows: [{ label: 'a', value: 1, colour: 'url(https://x.invalid/a.svg#a)' }] };
    expect(await faultOf({ ...held, data })).toEqual([undefined, problem]);
  });

  test('name data that it is not given, or leave out what it is', async () => {
    expect(await faultsOf({ data: { other: rows } })).toEqual([
      expect.objectContaining({ field: 'data.name', problem: expect.stringContaining('uses data "rows"') }),
      expect.objectContaining({
        field: 'data',
        problem: 'The brief provides data "other", which the spec does not use.',
      }),
    ]);
    // One slip of the hand is one fault.
    expect(await faultsOf({ data: { row: rows } })).toEqual([
      expect.objectContaining({ field: 'data.name', hint: 'Did you mean "row"?' }),
    ]);
  });

  test.each([
    ['a setting without effect', layer('bar', { x: dropped }), /"paddingInner" is dropped/],
    ['an empty extent', { data: { rows: [] } }, /Infinite extent/],
    ['a transform that is none', changed({ transform: [{ filtre: 'true' }] }), /no property "filtre"/],
    ['an expression that cannot be read', changed({ transform: [{ filter: 'datum.value >' }] }), /./],
    [
      'a function that does not exist',
      changed({ transform: [{ calculate: 'fetch("x")', as: 'a' }] }),
      /fetch/,
    ],
    ['no marks at all', { spec: { data: { name: 'rows' } } }, /./],
  ])('what Vega would only warn of, or throw: %s', async (_, request, problem) => {
    const faults = await faultsOf(request);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults[0]).toMatchObject({
      file: 'templates/x/bars.vl.json',
      problem: expect.stringMatching(problem),
    });
  });

  test('a spec that warned once warns again: no drawing of it is kept', async () => {
    const request = layer('bar', { x: dropped });
    const first = await faultsOf(request);
    expect(first).not.toEqual([]);
    expect(await faultsOf(request)).toEqual(first);
  });
});

/** What reaches over the edge of its drawing: labels exactly, marks by more than half the width of a line. */
function outside({ width, height, texts, marks }: Scene): string[] {
  const out = ({ left, top, right, bottom }: Box, slack: number) =>
    left < -slack || top < -slack || right > width + slack || bottom > height + slack;
  return [
    ...texts.filter((each) => out(each, 0.01)).map(({ text }) => text),
    ...marks.filter((each) => out(each, 1)).map(({ type }) => type),
  ];
}

/** Pairs of labels that stand over each other; a label and its own halo are one. */
function overlaps({ texts }: Scene): string[] {
  return texts.flatMap((one, index) =>
    texts.slice(index + 1).flatMap((other) => {
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      const halo =
        one.text === other.text && Math.abs(one.left - other.left) < 3 && Math.abs(one.top - other.top) < 3;
      return across > 0.5 && down > 0.5 && !halo ? [`${one.text} | ${other.text}`] : [];
    }),
  );
}
