import { expect, test } from 'vitest';
import { drawChart } from '../../src/charts/draw.ts';
import type { Scene } from '../../src/charts/scene.ts';

const rows = [
  { id: 'a', x: 5 },
  { id: 'b', x: 500 },
];

/** What is drawn of two rows, on a scale from 0 to 10 unless told otherwise. */
async function sceneOf(mark: object, domain: readonly number[] = [0, 10]): Promise<Scene> {
  const { scene } = await drawChart({
    name: 'test',
    file: 'test.vl.json',
    spec: {
      width: 100,
      height: 50,
      data: { name: 'rows' },
      mark,
      encoding: {
        x: { field: 'x', type: 'quantitative', scale: { domain, nice: false }, axis: null },
        y: { field: 'id', type: 'nominal', axis: null },
      },
    },
    theme: {},
    data: { rows },
    alt: 'A test',
  });
  return scene;
}
const drawn = ({ marks }: Scene) =>
  marks.flatMap(({ row, cut }) => (row === null ? [] : [`${row}${cut ? ' cut' : ''}`]));
const lost = (scene: Scene) => scene.lost.map(({ row }) => row);

test('a mark that lies outside of what clips it is not drawn', async () => {
  const scene = await sceneOf({ type: 'point', clip: true });
  expect(drawn(scene)).toEqual(['rows 0']);
  expect(lost(scene)).toEqual(['rows 1']);
  expect(drawn(await sceneOf({ type: 'point', clip: true }, [-100, 600]))).toEqual(['rows 0', 'rows 1']);
});

test('a bar that ends at its domain instead of its value is cut off', async () => {
  expect(drawn(await sceneOf({ type: 'bar', clip: true }))).toEqual(['rows 0', 'rows 1 cut']);
  expect(drawn(await sceneOf({ type: 'bar', clip: true }, [0, 500]))).toEqual(['rows 0', 'rows 1']);
});

test.each([
  { fillOpacity: 0, strokeOpacity: 0 },
  { opacity: 0 },
  { fill: 'transparent', stroke: null },
  { fill: '#12345600', stroke: 'rgba(1, 2, 3, 0.0)' },
  { fill: 'rgb(1 2 3 / 0%)', stroke: 'none' },
  { filled: false, strokeWidth: 0 },
])('paint that does not show draws nothing: %j', async (paint) => {
  expect(drawn(await sceneOf({ type: 'bar', ...paint }, [0, 500]))).toEqual([]);
});

test.each([
  { fillOpacity: 0, stroke: 'black' },
  { fill: 'rgb(10, 20, 0)' },
  { fill: '#000' },
  { fill: 'rgba(1, 2, 3, 0.5)' },
])('paint that shows draws: %j', async (paint) => {
  expect(drawn(await sceneOf({ type: 'bar', ...paint }, [0, 500]))).toEqual(['rows 0', 'rows 1']);
});
