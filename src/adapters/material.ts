import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { z } from 'zod';
import type { Row } from '../model/row.ts';
import type { Material } from '../pipeline/produce.ts';
import { fontFaces, loadFonts } from './fonts.ts';

const properties = z.object({ name: z.string(), country: z.string() });
const rows = z.array(z.record(z.string(), z.json()));

/** The province outlines and the fonts, which every edition is made with. */
export async function loadMaterial(geoFolder: string): Promise<Material> {
  const file = join(geoFolder, 'afghanistan-pakistan-admin1.topo.json');
  const topology: Topology<{ provinces: GeometryCollection<z.output<typeof properties>> }> = JSON.parse(
    await readFile(file, 'utf8'),
  );
  const { features } = feature(topology, topology.objects.provinces);
  const outlines: Row[] = rows.parse(features);
  return { outlines, fontFaces: fontFaces(await loadFonts()) };
}
