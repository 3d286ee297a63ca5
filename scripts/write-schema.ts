import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'prettier';
import { z } from 'zod';
import { briefConfig } from '../src/project/brief.ts';
import { manifest, sealedManifest } from '../src/render/manifest.ts';
import { tableSchemas, withKeys, withTables } from './table-schemas.ts';

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

/** The pages of which a part is written from the program, as they are now. */
export const pages: { readonly [file: string]: (text: string) => Promise<string> } = Object.fromEntries(
  Object.entries({ 'docs/datasets.md': withTables, 'docs/data.md': withKeys }).map(([file, written]) => [
    file,
    (text: string) =>
      format(written(text), {
        parser: 'markdown',
        proseWrap: 'preserve',
        singleQuote: true,
        printWidth: 110,
      }),
  ]),
);

if (import.meta.main) {
  for (const [file, written] of Object.entries(pages)) {
    const page = join(project, file);
    await writeFile(page, await written(await readFile(page, 'utf8')));
  }
  await writeFile(join(project, 'docs/tables.schema.json'), tableSchemas());
  await writeFile(join(project, 'templates/brief.schema.json'), briefSchema());
  await writeFile(join(project, 'docs/manifest.schema.json'), manifestSchema());
}
