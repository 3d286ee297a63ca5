import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { feature, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { z } from 'zod';
import type { Material } from '../pipeline/produce.ts';
import { fontFaces, loadFonts } from './fonts.ts';

const properties = z.object({ name: z.string(), country: z.string() });
const country = z.object({ properties }).transform(({ properties: { country: code } }) => code);
const rows = z.array(z.record(z.string(), z.json()));

/** The province outlines, the border of Afghanistan and the fonts, which every edition is made with. */
export async function loadMaterial(geoFolder: string): Promise<Material> {
  const file = join(geoFolder, 'afghanistan-pakistan-admin1.topo.json');
  const topology: Topology<{ provinces: GeometryCollection<z.output<typeof properties>> }> = JSON.parse(
    await readFile(file, 'utf8'),
  );
  const { provinces } = topology.objects;
  const { features } = feature(topology, provinces);
  const geometry = mesh(topology, provinces, (one, other) => {
    const countries = [country.parse(one), country.parse(other)];
    // An arc that borders nothing else is given twice.
    return countries.includes('AF') && (one === other || countries[0] !== countries[1]);
  });
  const borders = [{ type: 'Feature', properties: { country: 'AF' }, geometry }];
  return {
    maps: { outlines: rows.parse(features), borders: rows.parse(borders) },
    fontFaces: fontFaces(await loadFonts()),
  };
}
