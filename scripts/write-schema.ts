import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { briefConfig } from '../src/model/brief.ts';

/** The JSON Schema of `brief.yaml`, with which editors complete and check it. */
export function briefSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(briefConfig, { io: 'input' });
  return `${JSON.stringify({ $schema, title: 'The definition of a Sitrep brief', ...schema }, null, 2)}\n`;
}

if (import.meta.main) {
  await writeFile(join(import.meta.dirname, '../templates/brief.schema.json'), briefSchema());
}
