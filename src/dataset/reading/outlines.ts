import { readFile, stat } from 'node:fs/promises';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, GeometryObject, Topology } from 'topojson-specification';
import { z } from 'zod';
import { hashOf } from '../../hash.ts';
import { locate } from './table-files.ts';
import type { CellFault, Row } from '../parse-rows.ts';
import { type DatasetSettings, noOutlines, type Outlines, type OutlinesFile } from '../settings.ts';

/** Larger files slow down every chart: simplify the outlines first. */
const MOST_BYTES = 16 * 2 ** 20;

const properties = z.record(z.string(), z.json()).nullish();
const shapes = z.array(z.looseObject({ properties }));
const topologyFile = z.looseObject({
  type: z.literal('Topology'),
  arcs: z.array(z.array(z.array(z.number()))),
  objects: z.record(z.string(), z.looseObject({ type: z.literal('GeometryCollection'), geometries: shapes })),
});
const topology = z.custom<Topology<{ [name: string]: GeometryCollection }>>(
  (value) => topologyFile.safeParse(value).success,
);
const collection = z.looseObject({ type: z.literal('FeatureCollection'), features: shapes });
const rows = z.array(z.record(z.string(), z.json()));
const ofShape = z.object({ properties });

/**
 * Reads the outlines that a dataset declares from a TopoJSON or GeoJSON file in its folder. Each feature gets the
 * properties `name` and `country`, whatever the file calls them. Resolves to a fault if the file has neither format.
 */
export async function readOutlines(
  folder: string,
  { outlines, borders }: DatasetSettings['maps'],
): Promise<Outlines | CellFault> {
  if (outlines === null) return noOutlines;
  const place = await locate(folder, outlines.file);
  if (typeof place !== 'string') return place;
  const hint = 'Use TopoJSON, or a GeoJSON FeatureCollection; mapshaper.org converts and simplifies both.';
  if ((await stat(place)).size > MOST_BYTES) return { problem: 'has more than 16 MB.', hint };
  const text = await readFile(place, 'utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    return { problem: `is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`, hint };
  }
  const drawn = drawnFrom(parsed, { outlines, borders });
  if (!('maps' in drawn)) return drawn;
  return { maps: drawn.maps, source: { file: outlines.file, sha256: hashOf(text) } };
}

function drawnFrom(
  parsed: unknown,
  { outlines, borders }: { outlines: OutlinesFile; borders: readonly string[] },
): Pick<Outlines, 'maps'> | CellFault {
  const named = (each: Row): Row => {
    const found = ofShape.parse(each).properties ?? {};
    const { [outlines.name]: name = null, [outlines.country]: country = null } = found;
    return { ...each, properties: { ...found, name, country } };
  };
  const countryOf = (shape: unknown) => ofShape.safeParse(shape).data?.properties?.[outlines.country];
  const geojson = collection.safeParse(parsed);
  if (geojson.success) {
    const features = rows.parse(geojson.data.features);
    const ofBorders = features.filter((each) => borders.some((code) => code === countryOf(each)));
    return { maps: { outlines: features.map(named), borders: ofBorders.map(named) } };
  }
  const topo = topology.safeParse(parsed);
  if (!topo.success)
    return {
      problem: 'is neither TopoJSON nor a GeoJSON FeatureCollection.',
      hint: 'Export it as one of the two.',
    };
  const { objects } = topo.data;
  const names = Object.keys(objects);
  const object = objects[outlines.object ?? names[0] ?? ''];
  if (object === undefined)
    return {
      problem: `has no object "${outlines.object ?? ''}".`,
      hint: `Name one of ${names.join(', ')} as sitrep.outlines.object.`,
    };
  const borderOf = (code: string): Row => {
    const isHere = (shape: GeometryObject) => countryOf(shape) === code;
    // topojson passes the same geometry twice for an arc that no other geometry shares.
    const isBorder = (one: GeometryObject, other: GeometryObject) =>
      (isHere(one) || isHere(other)) && (one === other || countryOf(one) !== countryOf(other));
    const geometry = z.json().parse(mesh(topo.data, object, isBorder));
    return { type: 'Feature', properties: { country: code }, geometry };
  };
  return {
    maps: {
      outlines: rows.parse(feature(topo.data, object).features).map(named),
      borders: borders.map(borderOf),
    },
  };
}
