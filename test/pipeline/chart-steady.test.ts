import { describe, expect, test } from 'vitest';
import { registerChartFonts } from '../../src/adapters/chart-fonts.ts';
import { AppError } from '../../src/model/fault.ts';
import { drawChart, type ChartRequest } from '../../src/pipeline/chart.ts';

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

  test('a scale in the time of the machine, each time', async () => {
    const at = (scale?: object) =>
      withMark({ type: 'bar' }, { encoding: { x: { field: 'day', type: 'temporal', scale } } });
    const data = {
      rows: [
        { label: 'one', day: Date.UTC(2021, 7, 15) },
        { label: 'two', day: Date.UTC(2021, 7, 20) },
      ],
    };
    const fault = { problem: 'The scale "x" is in local time: give it the type utc.' };
    expect(await refused({ ...at(), data })).toMatchObject([fault]);
    expect(await refused({ ...at(), data })).toMatchObject([fault]);
    await expect(draw({ ...at({ type: 'utc' }), data })).resolves.toMatchObject({
      svg: expect.stringContaining('<path'),
    });
  });
});
