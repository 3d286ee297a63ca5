import { expect, test } from 'vitest';
import { compareManifests } from '../../src/provenance/compare.ts';
import { hashOfRow } from '../../src/render/manifest.ts';
import { loadTestDataset } from '../support/dataset.ts';
import { sampleManifest } from '../support/sample-manifest.ts';

test('another correction is a difference, and is named', async () => {
  const { tables } = await loadTestDataset('revised');
  const replaces = { edition: 'a/2021-08-25', revision: 1, asOf: null };
  const change = { id: 'M-claims', table: 'measures', change: 'revised', known_on: '2021-03-12' } as const;
  const corrected = (text: string) => ({
    ...sampleManifest,
    correction: { revision: 2, asOf: '2021-09-10', replaces, changes: [{ ...change, text }] },
  });
  const was = corrected('at least 12');
  expect(compareManifests({ was, is: corrected('at least 12') }, tables)).toEqual([]);
  expect(compareManifests({ was, is: corrected('at least 15') }, tables)).toEqual([
    {
      kind: 'setting',
      name: 'correction',
      change: 'changed',
      says: 'The details of its correction have changed.',
    },
  ]);
});

test('the hash of a row covers its values: a new and empty column changes nothing', () => {
  const row = { id: 'F1', title: 'A report' };
  expect(hashOfRow({ ...row, caveat: null, targets: [] })).toBe(hashOfRow(row));
  for (const other of [{ caveat: '' }, { caveat: 'One source' }, { targets: ['A-isis'] }, { value: 0 }])
    expect(hashOfRow({ ...row, ...other })).not.toBe(hashOfRow(row));
});
