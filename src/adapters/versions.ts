import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Versions } from '../model/manifest.ts';

const packageFile = z.object({ name: z.string(), version: z.string() });

/** The versions of the program and of the libraries that decide on the bytes of an edition. */
export async function readVersions(): Promise<Versions> {
  const of = (name: string) => versionAbove(fileURLToPath(import.meta.resolve(name)), name);
  const [sitrep, duckdb, handlebars, vega, vegaLite, pdfLib] = await Promise.all([
    versionAbove(import.meta.filename, 'sitrep'),
    of('@duckdb/node-api'),
    of('handlebars'),
    of('vega'),
    of('vega-lite'),
    of('@cantoo/pdf-lib'),
  ]);
  return { sitrep, duckdb, handlebars, vega, 'vega-lite': vegaLite, 'pdf-lib': pdfLib };
}

/** Packages do not let their package.json be imported: it is looked for above one of their files. */
async function versionAbove(file: string, name: string): Promise<string> {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}');
    const found = packageFile.safeParse(JSON.parse(text));
    if (found.data?.name === name) return found.data.version;
  }
  throw new Error(`The package ${name} has no package.json.`);
}
