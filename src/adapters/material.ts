import { readFile } from 'node:fs/promises';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { z } from 'zod';
import { AppError } from '../model/fault.ts';
import { hashOf } from '../model/manifest.ts';
import type { Material } from '../pipeline/produce.ts';
import { commonCodePoints } from './font-glyphs.ts';
import { fontFaces, loadFonts } from './fonts.ts';
import { readVersions } from './versions.ts';

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
  const name = 'afghanistan-pakistan-admin1.topo.json';
  const { topology, sha256 } = await readTopology(`${geoFolder}/${name}`);
  const { provinces } = topology.objects;
  const { features } = feature(topology, provinces);
  const geometry = mesh(topology, provinces, (one, other) => {
    const countries = [country.parse(one), country.parse(other)];
    // An arc that borders nothing else is given twice.
    return countries.includes('AF') && (one === other || countries[0] !== countries[1]);
  });
  const borders = [{ type: 'Feature', properties: { country: 'AF' }, geometry }];
  const maps = { outlines: rows.parse(features), borders: rows.parse(borders) };
  const [fonts, versions] = await Promise.all([loadFonts(), readVersions()]);
  const faces = fontFaces(fonts);
  const glyphs = commonCodePoints(fonts.map(({ bytes }) => bytes));
  return {
    maps,
    fontFaces: faces,
    glyphs,
    parts: {
      outlines: { kind: 'outlines', file: `data/geo/${name}`, sha256 },
      fonts: fonts.map((font) => ({ kind: 'font', file: font.file, sha256: font.sha256 })),
    },
    versions,
    sha256: hashOf(JSON.stringify([maps, faces])),
  };
}

async function readTopology(file: string): Promise<{ topology: Provinces; sha256: string }> {
  try {
    const text = await readFile(file, 'utf8');
    return { topology: provincesFile.parse(JSON.parse(text)), sha256: hashOf(text) };
  } catch (cause) {
    const problem =
      'The province outlines are not there, or are no TopoJSON of provinces with name and country.';
    const mend = 'Restore the file: charts may ask for it.';
    throw new AppError('dataset-invalid', [{ file, problem, mend }], { cause });
  }
}
