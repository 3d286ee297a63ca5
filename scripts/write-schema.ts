import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { briefConfig } from '../src/project/brief.ts';
import { manifest, sealedManifest } from '../src/render/manifest.ts';

const project = join(import.meta.dirname, '..');

/** The JSON Schema of `brief.yaml`, with which editors complete and check it. */
export const briefSchema = (): string =>
  schemaText('The definition of a Sitrep brief', z.toJSONSchema(briefConfig, { io: 'input' }));

/** The JSON Schema of manifests: beside an edition, and in its PDF. */
export const manifestSchema = (): string =>
  schemaText('The manifest of a Sitrep edition', z.toJSONSchema(z.union([manifest, sealedManifest])));

const schemaText = (title: string, { $schema, ...schema }: { $schema?: unknown }): string =>
  `${JSON.stringify({ $schema, title, ...schema }, null, 2)}\n`;

if (import.meta.main) {
  await writeFile(join(project, 'templates/brief.schema.json'), briefSchema());
  await writeFile(join(project, 'docs/manifest.schema.json'), manifestSchema());
}
