import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { z } from 'zod';
import { hashOf } from '../hash.ts';
import { worldSource } from './world-source.ts';

/** A box in degrees, west to east and south to north. */
export interface Box {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

type World = Awaited<ReturnType<typeof readWorld>>;

const properties = z.looseObject({ name: z.string() });

let loaded: Promise<World> | undefined;

/**
 * The outlines of all countries at 1:50 million, from the package `world-atlas` (Natural Earth, public domain). Read
 * once.
 */
export const loadWorld = (): Promise<World> => (loaded ??= readWorld());

/**
 * GeoJSON features with `box`, and `country` (alpha-2 or null) among their properties; and the countries by their
 * alpha-2 codes, each with the box around its larger parts.
 */
async function readWorld() {
  const [{ default: iso }, text] = await Promise.all([
    import('i18n-iso-countries'),
    readFile(fileURLToPath(import.meta.resolve('world-atlas/countries-50m.json')), 'utf8'),
  ]);
  if (hashOf(text) !== worldSource.sha256)
    throw new Error(`${worldSource.file} differs from the file of version 2.0.2. Install the packages anew.`);
  const topology = z.custom<Topology<{ countries: GeometryCollection }>>().parse(JSON.parse(text));
  const { features } = feature(topology, topology.objects.countries);
  const drawn = features.flatMap(({ id, properties: given, geometry }) => {
    if (geometry.type !== 'Polygon' && geometry.type !== 'MultiPolygon') return [];
    const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
    const code = iso.numericToAlpha2(String(id ?? '')) ?? null;
    return [
      { name: properties.parse(given).name, code, geometry: { type: 'MultiPolygon', coordinates: polygons } },
    ];
  });
  return {
    features: drawn.map(({ name, code, geometry }) => ({
      type: 'Feature',
      properties: { name, country: code },
      geometry,
      box: { ...boxAround(geometry.coordinates.flatMap(([ring]) => ring ?? [])) },
    })),
    countries: drawn.flatMap(({ code, geometry: { coordinates } }) =>
      code === null ? [] : [{ code, ...boxAround(largerParts(coordinates)) }],
    ),
  };
}

/** The features around each frame; drawing sends the same list only once to its process. */
const framed = new Map<string, World['features']>();

/** The outlines of the countries that reach into a frame. */
export async function outlinesWithin(frame: Box): Promise<World['features']> {
  const key = JSON.stringify(frame);
  const { features } = await loadWorld();
  const found =
    framed.get(key) ??
    features.filter(
      ({ box }) =>
        box.west <= frame.east &&
        box.east >= frame.west &&
        box.south <= frame.north &&
        box.north >= frame.south,
    );
  framed.delete(key);
  framed.set(key, found);
  for (const oldest of framed.keys()) if (framed.size > 16) framed.delete(oldest);
  return found;
}

type Ring = readonly (readonly number[])[];

function boxAround(points: Ring): Box {
  const lons = points.map(([lon = 0]) => lon);
  const lats = points.map(([, lat = 0]) => lat);
  return {
    west: Math.min(...lons),
    south: Math.min(...lats),
    east: Math.max(...lons),
    north: Math.max(...lats),
  };
}

/** The points of the parts with at least a fifth of the largest part's area: a far island would make the box useless. */
function largerParts(polygons: readonly (readonly Ring[])[]): Ring {
  const parts = polygons.flatMap(([ring]) => (ring === undefined ? [] : [{ ring, area: areaOf(ring) }]));
  const largest = Math.max(...parts.map(({ area }) => area));
  return parts.filter(({ area }) => area >= largest / 5).flatMap(({ ring }) => ring);
}

/** A rough area, by the shoelace formula with degrees of longitude shortened by latitude. */
function areaOf(ring: Ring): number {
  let twice = 0;
  for (const [index, [lon = 0, lat = 0]] of ring.entries()) {
    const [otherLon = 0, otherLat = 0] = ring[(index + 1) % ring.length] ?? [lon, lat];
    twice += lon * otherLat - otherLon * lat;
  }
  const [, middle = 0] = ring[Math.floor(ring.length / 2)] ?? [];
  return (Math.abs(twice) / 2) * Math.cos((middle * Math.PI) / 180);
}
