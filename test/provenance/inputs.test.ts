import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { periodEnding } from '../../src/calendar.ts';
import { loadDataset } from '../../src/dataset/reading/read.ts';
import { localesFolder, openLocale } from '../../src/locale.ts';
import type { Brief } from '../../src/project/brief.ts';
import { inputsOf } from '../../src/provenance/inputs.ts';
import { briefOf } from '../support/brief-of.ts';
import { loadTestDataset, temporaryFolder } from '../support/dataset.ts';
import { incidentDataset } from '../support/incident-store.ts';

test('another word in the locale is another input of an edition', async () => {
  const dataset = await loadTestDataset('base');
  const hashOf = (brief: Brief) =>
    inputsOf(
      {
        id: 'test/2021-08-25',
        brief,
        dataset,
        asOf: '2021-08-25',
        period: periodEnding('2021-08-25', 'P7D'),
        paper: 'A4',
        parameters: {},
        correction: null,
      },
      { engine: 'e', material: 'm', formats: ['pdf'] },
    );
  const brief = briefOf();
  const yaml = await readFile(join(localesFolder, 'en-GB.yaml'), 'utf8');
  const same = openLocale('en-GB', yaml);
  const other = openLocale('en-GB', yaml.replace('Key judgments', 'Judgments'));
  expect(hashOf({ ...brief, locale: same })).toBe(hashOf(brief));
  expect(hashOf({ ...brief, locale: other })).not.toBe(hashOf(brief));
});

test('a later check of a source is no input of an edition, and a later import of the same day is', async () => {
  const folder = await temporaryFolder();
  const rows = `SELECT 'T-1' AS id, DATE '2022-01-10' AS start, DATE '2022-01-10' AS "end", 'day' AS precision`;
  const dataset = await incidentDataset(folder, [{ knownOn: '2022-01-31', rows, record: { feed: 'drop' } }]);
  const hashOf = (given: typeof dataset) =>
    inputsOf(
      {
        id: 'test/2022-01-31',
        brief: briefOf(),
        dataset: given,
        asOf: '2022-01-31',
        period: periodEnding('2022-01-31', 'P7D'),
        paper: 'A4',
        parameters: {},
        correction: null,
      },
      { engine: 'e', material: 'm', formats: ['pdf'] },
    );
  const checks = 'source,checked_on,import\ndrop,2022-01-31,1\ndrop,2022-02-01,1\n';
  await writeFile(join(folder, 'incidents/checks.csv'), checks);
  await writeFile(join(folder, 'incidents/sources.json'), '{}');
  const checked = await loadDataset(folder, 'data/incidents');
  expect(checked.incidents.checks).toHaveLength(2);
  expect(hashOf(checked)).toBe(hashOf(dataset));
  const { imports } = dataset.incidents;
  const more = [...imports, ...imports.map((each) => ({ ...each, number: 2 }))];
  expect(hashOf({ ...dataset, incidents: { ...dataset.incidents, imports: more } })).not.toBe(
    hashOf(dataset),
  );
});
