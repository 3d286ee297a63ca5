import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'prettier';
import { z } from 'zod';
import { briefConfig } from '../src/project/brief.ts';
import { manifest, sealedManifest } from '../src/render/manifest.ts';
import { tableSchemas, withTables } from './table-schemas.ts';

const project = join(import.meta.dirname, '..');

/** The JSON Schema of `brief.yaml`, with which editors complete and check it. */
export const briefSchema = (): string => {
  const schema = z.toJSONSchema(briefConfig, { io: 'input' });
  // sitrep.yaml may give the marking.
  const required = schema.required?.filter((key) => key !== 'marking');
  return schemaText('The definition of a Sitrep brief', { ...schema, ...(required && { required }) });
};

/** The JSON Schema of manifests: beside an edition, and in its PDF. */
export const manifestSchema = (): string =>
  schemaText('The manifest of a Sitrep edition', z.toJSONSchema(z.union([manifest, sealedManifest])));

const schemaText = (title: string, { $schema, ...schema }: { $schema?: unknown }): string =>
  `${JSON.stringify({ $schema, title, ...schema }, null, 2)}\n`;

/** docs/datasets.md with the tables as the program has them. */
export const datasetsPage = async (text: string): Promise<string> =>
  format(withTables(text), { parser: 'markdown', proseWrap: 'preserve', singleQuote: true, printWidth: 110 });

if (import.meta.main) {
  const page = join(project, 'docs/datasets.md');
  await writeFile(page, await datasetsPage(await readFile(page, 'utf8')));
  await writeFile(join(project, 'docs/tables.schema.json'), tableSchemas());
  await writeFile(join(project, 'templates/brief.schema.json'), briefSchema());
  await writeFile(join(project, 'docs/manifest.schema.json'), manifestSchema());
}
