import { expect, test } from 'vitest';
import { hashOfRow, type Manifest } from '../../../src/model/manifest.ts';
import { eachRow } from '../../../src/model/references.ts';
import { sourcesShown } from '../../../src/shells/pages/evidence.ts';
import { loadTestDataset } from '../../support/dataset.ts';
import { sampleManifest } from '../../support/sample-manifest.ts';

test('the rows of an edition are shown with what they say, and those that are not as they were are marked', async () => {
  const dataset = await loadTestDataset('base');
  const rows = eachRow(dataset.tables).map(({ table, row }) => ({
    id: row.id,
    table,
    known_on: row.known_on,
    sha256: hashOfRow(row),
  }));
  const described: Manifest = {
    ...sampleManifest,
    inputs: '0'.repeat(64),
    known: [],
    pages: 1,
    rows,
    files: [],
  };
  const whole = sourcesShown(described, dataset);
  expect(whole.note).toBe('The data hold each of them as it was when the edition was made.');
  expect(whole.label).toBe(`All ${rows.length} rows that its pages show`);
  expect(whole.rows.filter(({ title }) => title === '' || /undefined|\{/.test(title))).toEqual([]);
  expect(whole.named.map(({ name }) => name)).toEqual(dataset.tables.sources.map(({ name }) => name));

  const [first, second, ...rest] = rows;
  if (!first || !second) throw new Error('The dataset is empty.');
  const changed = sourcesShown(
    { ...described, rows: [{ ...first, sha256: '1'.repeat(64) }, { ...second, id: 'Z-gone' }, ...rest] },
    dataset,
  );
  expect(changed.rows.slice(0, 3).map((row) => row.changed)).toEqual([
    'changed since',
    'no longer in the data',
    null,
  ]);
  expect(changed.note).toBe('2 rows are no longer in the data as when the edition was made.');
});
