import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { identify } from '../src/pdf/seal.ts';
import { openProject } from './support/cli.ts';
import { copyNewLedger } from './support/new-ledger.ts';
import { swapText } from './support/product.ts';

const project = await openProject();
afterAll(() => project[Symbol.asyncDispose]());
const pdf = 'output/celebrations/2021-08-25/celebrations-2021-08-25.pdf';
const table = join(project.folder, 'data/afghanistan-2021/events.csv');

test('verify and explain, with their exit status and as JSON', async () => {
  expect((await project.call('generate celebrations --as-of 2021-08-25 --format pdf')).status).toBe(0);
  const same = await project.sitrep(`verify ${pdf}`);
  expect(same).toMatchObject({ status: 0, stderr: '' });
  expect(same.stdout).toMatch(/^celebrations\/2021-08-25: identical: /m);
  // Where there is no ledger, none is begun.
  await expect(readFile(join(project.folder, 'output/.ledger'))).rejects.toMatchObject({ code: 'ENOENT' });

  const asked = await project.call(`explain ${pdf} vindication`);
  expect(asked).toMatchObject({ status: 0, stderr: '' });
  expect(asked.stdout).toContain('templates/_shared/partials/reported.hbs, line 2: {{say text}}');
  const nowhere = await project.sitrep(`explain ${pdf} nowhere`);
  expect(nowhere).toMatchObject({ status: 1, stderr: '' });
  expect(nowhere.stdout).toContain('"nowhere" is not on the page');

  const before = await readFile(table, 'utf8');
  await writeFile(table, swapText(before, 'AQAP statement', 'Statement of AQAP'));
  const other = await project.call(`verify ${pdf} --json`);
  expect(other).toMatchObject({ status: 1, stderr: '' });
  expect(JSON.parse(other.stdout)).toMatchObject({
    verdict: 'differs',
    differences: [{ kind: 'row', name: 'F12', change: 'changed' }],
  });
  const warned = await project.call(`explain ${pdf} 7 --json`);
  expect(JSON.parse(warned.stdout)).toMatchObject({ differences: [{ name: 'F12' }] });
  await writeFile(table, before);

  const foreign = await project.call('verify data/afghanistan-2021/events.csv');
  expect(foreign.status).toBe(1);
  expect(foreign.stderr).toMatch(/events\.csv: This is not a PDF\.[^]*\(pdf-invalid\)/);
  const absent = await project.call('explain nothing.pdf 7');
  expect(absent.stderr).toMatch(/nothing\.pdf: There is no such file/);
});

test('the hash in the ledger exposes a forged PDF with a matching identifier', async () => {
  await copyNewLedger(join(project.folder, 'kept/.ledger'));
  const made = await project.call('backfill celebrations --from 2021-08-22 --to 2021-08-22 --out kept');
  expect(made.status).toBe(0);
  const kept = join(project.folder, 'kept/celebrations/2021-08-22/celebrations-2021-08-22.pdf');
  expect((await project.call(`verify ${kept} --out kept`)).status).toBe(0);

  const other = await readFile(kept);
  const at = other.indexOf('stream', 2000) + 40;
  other[at] = (other[at] ?? 0) ^ 1;
  const id = other.lastIndexOf('/ID [ <') + '/ID [ <'.length;
  for (const place of [id, id + 35]) other.fill('0', place, place + 32);
  identify(other);
  await writeFile(join(project.folder, 'other.pdf'), other);
  const found = await project.call('verify other.pdf --out kept');
  expect(found.status).toBe(1);
  expect(found.stdout).toMatch(/altered[^]*A different SHA-256 is recorded in the ledger/);

  const html = kept.replace(/pdf$/, 'html');
  await writeFile(html, `${await readFile(html, 'utf8')} `);
  const beside = await project.call(`verify ${kept} --out kept`);
  expect(beside.status).toBe(1);
  expect(beside.stdout).toMatch(/altered[^]*The file celebrations-2021-08-22\.html beside it was altered/);
});
