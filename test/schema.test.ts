import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { briefSchema } from '../scripts/write-schema.ts';

const templates = join(import.meta.dirname, '../templates');
const validate = new Ajv2020({
  allowUnionTypes: true,
  formats: { date: true, email: true, uri: true },
}).compile(JSON.parse(briefSchema()));

test('the schema that editors use is the one that the program has (npm run schema)', async () => {
  expect(await readFile(join(templates, 'brief.schema.json'), 'utf8')).toBe(briefSchema());
});

test('every brief names the schema, and satisfies it', async () => {
  const files = (await readdir(templates, { recursive: true })).filter((name) => name.endsWith('brief.yaml'));
  expect(files.length).toBeGreaterThanOrEqual(4);
  for (const file of files) {
    const text = await readFile(join(templates, file), 'utf8');
    expect(text, file).toMatch(/^# yaml-language-server: \$schema=\.\.\/brief\.schema\.json\n/);
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
  }
});

test('a key that is not known, and one that is missing, are faults for the editor too', async () => {
  const brief: unknown = parse(await readFile(join(templates, 'weekly/brief.yaml'), 'utf8'));
  expect(validate({ ...Object(brief), tilte: 'x' })).toBe(false);
  expect(validate({ ...Object(brief), period: undefined })).toBe(false);
  expect(validate({ ...Object(brief), marking: 'TLP:WHITE' })).toBe(false);
});
