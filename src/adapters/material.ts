import { readFile } from 'node:fs/promises';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { z } from 'zod';
import { AppError } from '../model/fault.ts';
import { hashOf } from '../model/manifest.ts';
import type { Material } from '../pipeline/produce.ts';
import { commonCodePoints } from './font-glyphs.ts';
import { fontFaces, loadFonts } from './fonts.ts';

const properties = z.object({ name: z.string(), country: z.string() });
type Provinces = Topology<{ provinces: GeometryCollection<z.output<typeof properties>> }>;
const shape = z.looseObject({
  type: z.literal('Topology'),
  arcs: z.array(z.array(z.array(z.number()))),
  objects: z.looseObject({
    provinces: z.looseObject({
      type: z.literal('GeometryCollection'),
      geometries: z.array(z.looseObject({ properties })),
    }),
  }),
});
const provincesFile = z.custom<Provinces>((value) => shape.safeParse(value).success);
const country = z.object({ properties }).transform(({ properties: { country: code } }) => code);
const rows = z.array(z.record(z.string(), z.json()));

/** The province outlines, the border of Afghanistan and the fonts, which every edition is made with. */
export async function loadMaterial(geoFolder: string): Promise<Material> {
  const topology = await readTopology(`${geoFolder}/afghanistan-pakistan-admin1.topo.json`);
  const { provinces } = topology.objects;
  const { features } = feature(topology, provinces);
  const geometry = mesh(topology, provinces, (one, other) => {
    const countries = [country.parse(one), country.parse(other)];
    // An arc that borders nothing else is given twice.
    return countries.includes('AF') && (one === other || countries[0] !== countries[1]);
  });
  const borders = [{ type: 'Feature', properties: { country: 'AF' }, geometry }];
  const maps = { outlines: rows.parse(features), borders: rows.parse(borders) };
  const fonts = await loadFonts();
  const faces = fontFaces(fonts);
  const glyphs = commonCodePoints(fonts.map(({ bytes }) => bytes));
  return { maps, fontFaces: faces, glyphs, sha256: hashOf(JSON.stringify([maps, faces])) };
}

async function readTopology(file: string): Promise<Provinces> {
  try {
    return provincesFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    const problem =
      'The province outlines are not there, or are no TopoJSON of provinces with name and country.';
    const mend = 'Restore the file: charts may ask for it.';
    throw new AppError('dataset-invalid', [{ file, problem, mend }], { cause });
  }
}
