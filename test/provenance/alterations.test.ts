import { expect, test } from 'vitest';
import { unexplained } from '../../src/provenance/alterations.ts';
import { describeEdition, knownTables } from '../../src/provenance/make-manifest.ts';
import { loadTestDataset } from '../support/dataset.ts';
import { sampleManifest } from '../support/sample-manifest.ts';

test('the tables of a revision are compared as of the day of its correction', async () => {
  const { tables } = await loadTestDataset('revised');
  const replaces = { edition: 'a/2021-03-07', revision: 1, asOf: null };
  const correction = { revision: 2, asOf: '2021-03-14', replaces, changes: [] };
  const manifest = { ...sampleManifest, asOf: '2021-03-07', correction };
  const saysWith = (day: string) => {
    const known = knownTables(tables, day);
    const own = describeEdition(manifest, { rules: manifest.rules, pages: 1, inputs: '', known, files: [] });
    const readPages = () => {
      throw new Error('It must read no page.');
    };
    const proof = { manifest, sha256: '', intact: true, otherAttachments: [], readPages };
    const again = { ...proof, manifest: { ...manifest, html: { sha256: '1'.repeat(64) } } };
    return unexplained({ proof, again, own, recorded: [], tables }).says;
  };
  expect(saysWith('2021-03-14')).toMatch(/^The page is different, although everything/);
  expect(saysWith('2021-03-07')).toMatch(/were changed in .*measures/);
});
