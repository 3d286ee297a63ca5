import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { apply, copyOf, faultsIn, swap } from '../support/dataset.ts';

/** A dataset with a map file of its own. */
async function withMap(map: unknown, settings: object): Promise<string> {
  const folder = await copyOf('base');
  await apply(folder, [
    swap('datapackage.json', '"resources":', `"sitrep": ${JSON.stringify(settings)}, "resources":`),
  ]);
  await writeFile(join(folder, 'map.json'), typeof map === 'string' ? map : JSON.stringify(map));
  return folder;
}

/** Two unit squares side by side in one country, and a third in another. */
const topology = {
  type: 'Topology',
  arcs: [
    [
      [1, 0],
      [1, 1],
    ],
    [
      [1, 1],
      [0, 1],
      [0, 0],
      [1, 0],
    ],
    [
      [2, 0],
      [2, 1],
    ],
    [
      [1, 0],
      [2, 0],
    ],
    [
      [2, 1],
      [1, 1],
    ],
    [
      [2, 0],
      [3, 0],
      [3, 1],
      [2, 1],
    ],
  ],
  objects: {
    lakes: { type: 'GeometryCollection', geometries: [] },
    regions: {
      type: 'GeometryCollection',
      geometries: [
        { type: 'Polygon', arcs: [[0, 1]], properties: { NAME_1: 'West', ISO: 'LB' } },
        { type: 'Polygon', arcs: [[3, 2, 4, -1]], properties: { NAME_1: 'Middle', ISO: 'LB' } },
        { type: 'Polygon', arcs: [[5, -3]], properties: { NAME_1: 'East', ISO: 'SY' } },
      ],
    },
  },
};
const outlines = { file: 'map.json', object: 'regions', name: 'NAME_1', country: 'ISO' };

test('outlines of a TopoJSON file have name and country, and borders leave out lines inside a country', async () => {
  const folder = await withMap(topology, { outlines, borders: ['LB'] });
  const { maps, source } = (await loadDataset(folder, 'data/test')).outlines;
  expect(source).toMatchObject({ file: 'map.json' });
  expect(maps['outlines']?.map(({ properties }) => properties)).toMatchObject([
    { name: 'West', country: 'LB' },
    { name: 'Middle', country: 'LB' },
    { name: 'East', country: 'SY' },
  ]);
  expect(maps['borders']).toMatchObject([
    { properties: { country: 'LB' }, geometry: { type: 'MultiLineString' } },
  ]);
  const drawn = JSON.stringify(maps['borders']);
  expect([drawn.includes('[2,0],[2,1]'), drawn.includes('[1,0],[1,1]')]).toEqual([true, false]);
});

test('a GeoJSON file will do', async () => {
  const square = {
    type: 'Polygon',
    coordinates: [
      [
        [0, 0],
        [0, 1],
        [1, 1],
        [0, 0],
      ],
    ],
  };
  const features = ['LB', 'SY'].map((country) => ({
    type: 'Feature',
    properties: { name: country, country },
    geometry: square,
  }));
  const folder = await withMap(
    { type: 'FeatureCollection', features },
    { outlines: { file: 'map.json' }, borders: ['SY'] },
  );
  const { maps } = (await loadDataset(folder, 'data/test')).outlines;
  expect(maps).toMatchObject({
    outlines: [{ properties: { name: 'LB' } }, { properties: { name: 'SY' } }],
    borders: [{ properties: { country: 'SY' } }],
  });
});

describe('a fault', () => {
  test.each([
    ['{"type":', outlines, /is not JSON/],
    [{ type: 'Point' }, outlines, /is neither TopoJSON nor a GeoJSON FeatureCollection/],
    [topology, { ...outlines, object: 'region' }, /has no object "region"/],
    [topology, { ...outlines, file: '../map.json' }, /leaves the dataset’s folder/],
    [topology, { ...outlines, file: 'maps.json' }, /does not exist/],
  ])('%j', async (map, declared, problem) => {
    expect(await faultsIn(await withMap(map, { outlines: declared }))).toEqual([
      expect.objectContaining({
        file: expect.stringContaining(declared.file),
        problem: expect.stringMatching(problem),
      }),
    ]);
  });
});
