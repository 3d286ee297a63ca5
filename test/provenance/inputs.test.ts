import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { periodEnding } from '../../src/calendar.ts';
import { localesFolder, openLocale } from '../../src/locale.ts';
import type { Brief } from '../../src/project/brief.ts';
import { inputsOf } from '../../src/provenance/inputs.ts';
import { briefOf } from '../support/brief-of.ts';
import { loadTestDataset } from '../support/dataset.ts';

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
  const other = openLocale('en-GB', yaml.replace('Nothing is cited.', 'No citations.'));
  expect(hashOf({ ...brief, locale: same })).toBe(hashOf(brief));
  expect(hashOf({ ...brief, locale: other })).not.toBe(hashOf(brief));
});
