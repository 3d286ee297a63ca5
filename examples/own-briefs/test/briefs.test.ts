import { toMatchBrief } from 'sitrep/vitest';
import { expect, test } from 'vitest';

expect.extend({ toMatchBrief });

test('the brief on ties, as of the days named in its brief.yaml', async () => {
  await expect({ brief: 'ties' }).toMatchBrief();
});

test('a week in which little was known', async () => {
  await expect({ brief: 'ties', asOf: '2019-06-30' }).toMatchBrief();
});
