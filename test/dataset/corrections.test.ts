import { beforeAll, describe, expect, test } from 'vitest';
import { correctionsOf, knownFor, passedOver } from '../../src/dataset/corrections.ts';
import { knownBy } from '../../src/dataset/point-in-time.ts';
import { eachRow } from '../../src/dataset/references.ts';
import type { Tables } from '../../src/dataset/schema.ts';
import { loadTestDataset } from '../support/dataset.ts';

/** The edition of the first week, looked at again in the second and third. */
const asOf = '2021-03-07';
let tables: Tables;
beforeAll(async () => {
  ({ tables } = await loadTestDataset('revised'));
});

const told = (correctedAsOf: string | null, of = tables) =>
  new Map(eachRow(knownFor(of, { asOf, correctedAsOf })).map(({ row }) => [row.id, row]));
const corrected = (since: string | null, by: string, of = tables) =>
  correctionsOf(of, { asOf, since, by, shown: eachRow(knownBy(of, asOf)).map(({ row }) => row.id) }).map(
    ({ knownOn, change, id }) => `${knownOn} ${change} ${id}`,
  );

describe('what a corrected edition lists', () => {
  test('is what was known, where nothing was corrected yet', () => {
    expect(knownFor(tables, { asOf, correctedAsOf: '2021-03-08' })).toEqual(knownBy(tables, asOf));
    expect(knownFor(tables, { asOf, correctedAsOf: null })).toBe(knownBy(tables, asOf));
  });

  test('takes in later revisions of rows known then', () => {
    expect(told('2021-03-10').get('E-meeting')).toMatchObject({ precision: 'month' });
    expect(told('2021-03-11').get('E-meeting')).toMatchObject({ precision: 'day' });
    expect(told('2021-03-14').get('M-claims')).toMatchObject({ value: 15 });
  });

  test('loses what was withdrawn, with all that rests on it', () => {
    const gone = [...told('2021-03-14').keys()].filter((id) => !told('2021-03-21').has(id));
    expect(gone.toSorted()).toEqual([
      'E-letter',
      'E-raid',
      'G-letter',
      'J-letter',
      'J-raid',
      'K-letter',
      'S-letter',
    ]);
  });

  test('leaves out what was first known after the cut-off, and a revision that rests on such a row', () => {
    const rows = told('2021-03-21');
    for (const id of ['E-video', 'E-return', 'R-quiet', 'K-isis']) expect(rows.has(id), id).toBe(false);
    expect([...rows.keys()].filter((id) => !told(null).has(id))).toEqual([]);
    // Its later version rests on R-quiet: it belongs to the next issue, and the earlier one still stands.
    expect(rows.get('H-all')).toMatchObject({ known_on: '2021-03-05' });
    const shown = ['H-all', 'M-claims', 'E-raid', 'K-ties'];
    expect(passedOver(tables, { asOf, by: '2021-03-21', shown })).toEqual(['H-all']);
    expect(passedOver(tables, { asOf, by: '2021-03-13', shown })).toEqual([]);
  });

  test('takes in the source that a correction names and that came with it', () => {
    const [source, meeting] = [tables.sources[1]!, tables.events.find(({ id }) => id === 'E-meeting')!];
    const late = { known_on: '2021-03-12', status: 'current' } as const;
    const with_: Tables = {
      ...tables,
      sources: [...tables.sources, { ...source, ...late, id: 'S-late', via: null }],
      events: [...tables.events, { ...meeting, ...late, source: 'S-late' }],
    };
    expect(told('2021-03-14', with_).get('E-meeting')).toMatchObject({ source: 'S-late' });
    expect(told('2021-03-14', with_).has('S-late')).toBe(true);
    expect(told('2021-03-11', with_).has('S-late')).toBe(false);
  });

  test('is not changed by coverage that went on after the cut-off, and is by days that were not covered after all', () => {
    const revise = (end: string): Tables => ({
      ...tables,
      coverage: [...tables.coverage, { ...tables.coverage[0]!, known_on: '2021-03-12', end }],
    });
    expect(corrected(null, '2021-03-12', revise('2021-06-30'))).not.toContain('2021-03-12 revised C-ties');
    expect(corrected(null, '2021-03-12', revise('2021-03-05'))).toContain('2021-03-12 revised C-ties');
  });
});

describe('corrections', () => {
  test('are none before anything was corrected', () => {
    expect(corrected(null, '2021-03-10')).toEqual([]);
  });

  test('are listed by the day on which they became known', () => {
    expect(corrected(null, '2021-03-14')).toEqual([
      '2021-03-11 revised E-meeting',
      '2021-03-12 revised M-claims',
      '2021-03-12 revised S-claims',
    ]);
  });

  test('are counted from the correction before', () => {
    expect(corrected('2021-03-14', '2021-03-17')).toEqual([
      '2021-03-17 withdrawn E-letter',
      '2021-03-17 withdrawn G-letter',
      '2021-03-17 withdrawn J-letter',
      '2021-03-17 withdrawn K-letter',
      '2021-03-17 withdrawn S-letter',
    ]);
  });

  test('are of rows that the edition showed alone, and say what those were', () => {
    const [change] = correctionsOf(tables, { asOf, since: null, by: '2021-03-21', shown: ['M-claims'] });
    expect(change?.before.row).toMatchObject({ value: 12 });
    expect(change?.row).toMatchObject({ value: 15 });
  });
});
