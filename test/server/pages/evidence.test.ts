import { describe, expect, test } from 'vitest';
import { eachRow } from '../../../src/dataset/references.ts';
import { type Caller, thisMachine } from '../../../src/ledger/principal.ts';
import { hashOfRow, type Manifest } from '../../../src/render/manifest.ts';
import {
  changesShown,
  explainPage,
  namesIn,
  rowsFor,
  sourcesShown,
} from '../../../src/server/pages/evidence.ts';
import { briefOf } from '../../support/brief-of.ts';
import { loadTestDataset } from '../../support/dataset.ts';
import { locale } from '../../support/locale.ts';
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
    highlights: null,
    rows,
    files: [],
  };
  const whole = sourcesShown(described, dataset, { caller: thisMachine, locale });
  expect(whole.note).toBe('The data have not changed since the edition was generated.');
  expect(whole.label).toBe(`All ${rows.length} rows on its pages`);
  expect(whole.rows.filter(({ title }) => title === '' || /undefined|\{/.test(title))).toEqual([]);
  expect(whole.named.map(({ name }) => name)).toEqual(dataset.tables.sources.map(({ name }) => name));

  const [first, second, ...rest] = rows;
  if (!first || !second) throw new Error('The dataset is empty.');
  const changed = sourcesShown(
    { ...described, rows: [{ ...first, sha256: '1'.repeat(64) }, { ...second, id: 'Z-gone' }, ...rest] },
    dataset,
    { caller: thisMachine, locale },
  );
  expect(changed.rows.slice(0, 3).map((row) => row.changed)).toEqual([
    'changed since',
    'no longer in the data',
    null,
  ]);
  expect(changed.note).toBe('2 rows have changed in the data since the edition was generated.');
});

test('lists the changes of a corrected revision as the revision itself does', async () => {
  const dataset = await loadTestDataset('revised');
  const of = { brief: briefOf({}), dataset, asOf: '2021-03-07', parameters: {} };
  const replaces = { edition: 'weekly/2021-03-07', revision: 1, asOf: null };
  const idsOf = (correctedAsOf: string | null) =>
    changesShown(
      {
        ...of,
        correction:
          correctedAsOf === null ? null : { revision: 2, asOf: correctedAsOf, replaces, rows: ['E-raid'] },
      },
      { caller: thisMachine, locale },
    ).rows.map(({ id }) => id);
  expect(idsOf(null)).toContain('E-raid');
  // It was withdrawn meanwhile: the revision does not tell it.
  expect(idsOf('2021-03-21')).toEqual(idsOf(null).filter((id) => id !== 'E-raid'));
});

describe('a row that was marked higher since', () => {
  const ann: Caller = { name: 'ann', may: 'read', clearance: 'TLP:GREEN' };
  const red = <R extends object>(row: R) => ({ ...row, marking: 'TLP:RED' as const });

  test('is shown among the sources, the changes and the choices only to who may see it', async () => {
    const { tables, ...dataset } = await loadTestDataset('revised');
    const raised = {
      ...dataset,
      tables: { ...tables, events: tables.events.map(red), sources: tables.sources.map(red) },
    };
    const rows = eachRow(raised.tables).map(({ table, row }) => ({
      id: row.id,
      table,
      known_on: row.known_on,
      sha256: hashOfRow(row),
    }));
    const described = {
      ...sampleManifest,
      inputs: '',
      known: [],
      pages: 1,
      highlights: null,
      rows,
      files: [],
    };
    const tablesOf = (caller: Caller) =>
      new Set(sourcesShown(described, raised, { caller, locale }).rows.map(({ table }) => table));
    expect(tablesOf(thisMachine)).toContain('events');
    expect(tablesOf(ann)).toContain('measures');
    for (const table of ['events', 'sources']) expect(tablesOf(ann)).not.toContain(table);
    const choices = (caller: Caller) => namesIn(raised, { table: 'sources', asOf: '2021-03-07', caller });
    expect(choices(thisMachine)).not.toEqual([]);
    expect(choices(ann)).toEqual([]);
    const forAnn = sourcesShown(described, raised, { caller: ann, locale });
    expect(forAnn.named).toEqual([]);
    for (const { name } of tables.sources) expect(JSON.stringify(forAnn.rows)).not.toContain(`"${name}"`);

    const of = {
      brief: briefOf({}),
      dataset: raised,
      asOf: '2021-03-07',
      parameters: {},
      correction: null,
    };
    const changed = (caller: Caller) => changesShown(of, { caller, locale }).rows.map(({ id }) => id);
    expect(changed(thisMachine)).toContain('E-raid');
    expect(changed(ann)).toEqual(changed(thisMachine).filter((id) => id !== 'E-raid'));
  });

  test('is left out of what is behind a phrase, and all of it where the page is another today', async () => {
    const { tables, marking } = await loadTestDataset('revised');
    const [row] = tables.events;
    if (row === undefined) throw new Error('There are no events.');
    const explained = (values: typeof row) => ({
      id: row.id,
      table: 'events',
      known_on: row.known_on,
      why: 'cited' as const,
      title: 'A title',
      values,
      sources: [],
      grade: '',
    });
    const pageOf = (isSamePage: boolean) =>
      explainPage('weekly/2021-03-07', {
        brief: { id: 'weekly', title: 'Weekly' },
        title: 'Weekly',
        period: '1–7 March 2021',
        maySeeRow: rowsFor(ann, { marking }),
        locale,
        found: {
          phrase: 'raid',
          edition: 'weekly/2021-03-07',
          isSamePage,
          warnings: isSamePage ? [] : ['It is another page.'],
          differences: [{ kind: 'row', name: row.id, change: 'changed', says: 'A secret.' }],
          near: ['A secret.'],
          places: [
            {
              what: 'paragraph',
              text: 'A raid.',
              under: null,
              page: 1,
              origins: [],
              rows: [explained(row), explained({ ...row, marking: 'TLP:RED' })],
            },
          ],
        },
      }).answer;
    expect(pageOf(true)?.places[0]?.rows).toHaveLength(1);
    expect(pageOf(false)).toEqual({ says: null, near: [], warnings: ['It is another page.'], places: [] });
  });
});
