import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from './dataset.ts';
import { rendering } from './effects.ts';
import { type TestImport, writeIncidents } from './incident-store.ts';
import type { Printer } from '../../src/pdf/browser/print.ts';
import { resolveEdition } from '../../src/production/fan-out.ts';
import type { Repository } from '../../src/production/open-edition.ts';
import { type Edition, produce } from '../../src/production/produce.ts';
import type { Request } from '../../src/render/edition.ts';
import { openProject } from '../../src/wiring/project.ts';

const root = join(import.meta.dirname, '../..');

/** A project with the dataset `incidents` and the brief `test`, whose files are given. */
export async function incidentProject({
  imports,
  files,
  printer,
}: {
  imports: readonly TestImport[];
  files: { readonly [file: string]: string };
  printer: Printer;
}) {
  const folder = await temporaryFolder();
  for (const name of ['data/incidents', 'templates/test'])
    await mkdir(join(folder, name), { recursive: true });
  await writeIncidents(join(folder, 'data/incidents'), imports);
  for (const [file, text] of Object.entries(files))
    await writeFile(join(folder, file.includes('/') ? file : `templates/test/${file}`), text);
  const effects = {
    ...rendering,
    startPrinting: () => {},
    print: printer.print,
    browser: () => Promise.resolve(printer.browser),
  };
  const repository: Repository = {
    ...openProject(folder, { sitrep: root }),
    effects,
    signal: new AbortController().signal,
  };
  const request = async (asOf: string): Promise<Request> => {
    const brief = await repository.loadBrief('test');
    const dataset = await repository.loadDataset('incidents');
    return resolveEdition({ brief, dataset, asOf });
  };
  const make = async (asOf = '2022-01-09'): Promise<Edition> =>
    produce(await request(asOf), effects, await repository.loadMaterial());
  return { folder, repository, request, make };
}
