import { expect, test } from 'vitest';
import { periodEnding } from '../../src/calendar.ts';
import { openLocale } from '../../src/locale.ts';
import type { Brief } from '../../src/project/brief.ts';
import { inputsOf } from '../../src/provenance/inputs.ts';
import { briefOf, british } from '../support/brief-of.ts';
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
  const same = openLocale('en-GB', british.source.text);
  const other = openLocale('en-GB', british.source.text.replace('Nothing is cited.', 'No citations.'));
  expect(hashOf({ ...brief, locale: same })).toBe(hashOf(brief));
  expect(hashOf({ ...brief, locale: other })).not.toBe(hashOf(brief));
});
