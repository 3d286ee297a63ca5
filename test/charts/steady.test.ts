import { describe, expect, test } from 'vitest';
import { type ChartRequest, drawChart } from '../../src/charts/draw.ts';
import { registerChartFonts } from '../../src/charts/worker.ts';
import { AppError } from '../../src/errors.ts';

await registerChartFonts();

const gradient = (color: string) => ({
  gradient: 'linear',
  stops: [
    { offset: 0, color },
    { offset: 1, color: '#fff' },
  ],
});
const bars = {
  width: 100,
  height: { step: 20 },
  data: { name: 'rows' },
  encoding: {
    y: { field: 'label', type: 'nominal', axis: null },
    x: { field: 'value', type: 'quantitative', axis: null },
  },
  layer: [
    { mark: { type: 'bar', clip: true, fill: gradient('#123') } },
    { mark: { type: 'bar', clip: true, fill: gradient('#456') } },
    { mark: { type: 'text' }, encoding: { text: { field: 'label' } } },
  ],
};
const draw = (request: Partial<ChartRequest> = {}) =>
  drawChart({
    name: 'bars',
    file: 'templates/x/bars.vl.json',
    spec: bars,
    theme: {},
    data: { rows: [{ label: 'one', value: 1 }] },
    alt: 'One bar',
    ...request,
  });
const refused = async (request: Partial<ChartRequest>): Promise<readonly unknown[]> => {
  const error: unknown = await draw(request).catch((cause: unknown) => cause);
  if (!(error instanceof AppError)) throw new Error('The chart was drawn.');
  expect(error.code).toBe('chart-failed');
  return error.faults;
};
const withMark = (mark: object, more: object = {}) => ({ spec: { ...bars, layer: [{ mark, ...more }] } });

test('charts drawn at the same time are as if drawn alone', async () => {
  const { svg: alone } = await draw();
  const together = await Promise.all(['a', 'b', 'c', 'd'].map((name) => draw({ name })));
  expect(alone.match(/ id="/g)?.length).toBeGreaterThan(2);
  expect(together.map(({ svg }) => svg)).toEqual(
    ['a', 'b', 'c', 'd'].map((name) => alone.replaceAll('bars-', `${name}-`)),
  );
});

test('a text that XML cannot hold is drawn without what it cannot hold', async () => {
  const { svg } = await draw({
    data: { rows: [{ label: 'a\u0000b\u001bc\ud800d\uffff \u{1f5fa}', value: 1 }] },
    alt: 'x\u0007y',
  });
  expect(svg).toContain('>abcd \u{1f5fa}</text>');
  expect(svg).toContain('aria-label="xy"');
});

describe('is refused', () => {
  test.each([
    ['the time', { transform: [{ calculate: 'now()', as: 'at' }] }, 'layer[0].transform[0].calculate'],
    ['chance', { transform: [{ filter: 'random ( ) < 0.5' }] }, 'layer[0].transform[0].filter'],
    [
      'chance in a mark',
      { mark: { type: 'bar', xOffset: { expr: 'sampleUniform(0, 9)' } } },
      'layer[0].mark.xOffset.expr',
    ],
    ['a sample', { transform: [{ sample: 5 }] }, 'layer[0].transform[0].sample'],
  ])('%s', async (_, more, field) => {
    expect(await refused(withMark({ type: 'bar' }, more))).toMatchObject([
      { file: 'templates/x/bars.vl.json', field },
    ]);
  });
});

test('a time scale is in UTC, whatever the spec says and wherever the process runs', async () => {
  const zone = process.env['TZ'];
  const at = (more: object) =>
    withMark(
      { type: 'bar' },
      {
        transform: [{ timeUnit: 'yearmonthdate', field: 'day', as: 'on' }],
        encoding: { x: { field: 'on', type: 'temporal', axis: { format: '%d %H:%M' }, ...more } },
      },
    );
  const data = {
    rows: [
      { label: 'one', value: 1, day: '2021-08-15' },
      { label: 'two', value: 2, day: '2021-08-20' },
    ],
  };
  try {
    const drawn: string[] = [];
    for (const TZ of ['Asia/Kabul', 'America/Anchorage', 'UTC']) {
      process.env['TZ'] = TZ;
      expect(new Date(2021, 7, 15).toISOString() === '2021-08-15T00:00:00.000Z').toBe(TZ === 'UTC');
      for (const more of [{}, { scale: { type: 'time' } }, { scale: { type: 'utc' } }]) {
        // A theme of its own each time, so that nothing is remembered.
        const { svg } = await draw({ ...at(more), data, theme: { description: TZ } });
        expect(svg).toContain('>15 00:00</text>');
        drawn.push(svg);
      }
    }
    expect(new Set(drawn).size).toBe(1);
  } finally {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  }
});
