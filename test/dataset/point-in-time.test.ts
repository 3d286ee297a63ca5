import { beforeAll, describe, expect, test } from 'vitest';
import { changesBetween, knownBy } from '../../src/dataset/point-in-time.ts';
import { eachRow } from '../../src/dataset/references.ts';
import type { TableName, Tables } from '../../src/dataset/schema.ts';
import { loadTestDataset } from '../support/dataset.ts';

let tables: Tables;
beforeAll(async () => {
  ({ tables } = await loadTestDataset('revised'));
});

const ids = (asOf: string, table: TableName) => knownBy(tables, asOf)[table].map(({ id }) => id);
const changes = (previousAsOf: string, asOf: string) =>
  changesBetween(tables, { previousAsOf, asOf }).map(
    ({ knownOn, change, table, id }) => `${knownOn} ${change} ${table} ${id}`,
  );

describe('what is known by a day', () => {
  test('before anything, and on the day itself', () => {
    expect(eachRow(knownBy(tables, '2020-12-31'))).toEqual([]);
    expect(ids('2021-02-19', 'events')).toEqual([]);
    expect(ids('2021-02-20', 'events')).toEqual(['E-meeting']);
  });

  test('events at three dates', () => {
    expect(ids('2021-03-07', 'events')).toEqual(['E-meeting', 'E-letter', 'E-raid', 'E-remark']);
    expect(ids('2021-03-14', 'events')).toEqual(['E-meeting', 'E-letter', 'E-raid', 'E-remark', 'E-video']);
    expect(ids('2021-03-21', 'events')).toEqual(['E-meeting', 'E-remark', 'E-video', 'E-return']);
  });

  test('the newest row of each id', () => {
    const meeting = (asOf: string) =>
      knownBy(tables, asOf).events.find(({ id }) => id === 'E-meeting')?.precision;
    expect([meeting('2021-03-10'), meeting('2021-03-11')]).toEqual(['month', 'day']);
    const claims = (asOf: string) =>
      knownBy(tables, asOf).measures.find(({ id }) => id === 'M-claims')?.value;
    expect([claims('2021-03-07'), claims('2021-03-14'), claims('2021-03-21')]).toEqual([12, 15, 15]);
  });

  test('nothing that rests on a withdrawn row, however far up', () => {
    expect(ids('2021-03-16', 'sources')).toContain('S-letter');
    expect(ids('2021-03-17', 'sources')).not.toContain('S-letter');
    // E-letter rests on S-letter; K-letter, J-letter and G-letter on E-letter.
    const gone = eachRow(knownBy(tables, '2021-03-16'))
      .map(({ row }) => row.id)
      .filter((id) => !eachRow(knownBy(tables, '2021-03-17')).some(({ row }) => row.id === id));
    expect(gone).toEqual(['S-letter', 'E-letter', 'K-letter', 'J-letter', 'G-letter']);
  });

  test('in any order of the rows', () => {
    const turned: Tables = {
      ...tables,
      judgments: tables.judgments.map((row) =>
        row.id === 'K-ties'
          ? { ...row, rests_on: ['K-letter'] }
          : row.id === 'B-ties'
            ? { ...row, rests_on: ['K-ties'] }
            : row,
      ),
    };
    const told = (asOf: string) => knownBy(turned, asOf).judgments.map(({ id }) => id);
    expect(told('2021-03-16')).toEqual(expect.arrayContaining(['B-ties', 'K-ties', 'K-letter']));
    expect(told('2021-03-17').filter((id) => ['B-ties', 'K-ties', 'K-letter'].includes(id))).toEqual([]);
  });

  test('nothing that rests on what is not yet known; a source brings its carriers, even later ones', () => {
    expect(ids('2021-02-19', 'sources')).toEqual([]);
    expect(ids('2021-03-01', 'sources')).toEqual(['S-weekly', 'S-agency', 'S-claims']);
    const early: Tables = { ...tables, gaps: tables.gaps.map((row) => ({ ...row, known_on: '2021-01-01' })) };
    expect(knownBy(early, '2021-02-20').gaps.map(({ id }) => id)).toEqual(['G-ties']);
  });

  test('a withdrawn row that comes back', () => {
    const raid = tables.events.find(({ id }) => id === 'E-raid');
    if (!raid) throw new Error('no E-raid');
    const back: Tables = { ...tables, events: [...tables.events, { ...raid, known_on: '2021-03-20' }] };
    const told = (asOf: string) => knownBy(back, asOf).events.some(({ id }) => id === 'E-raid');
    expect([told('2021-03-17'), told('2021-03-19'), told('2021-03-20')]).toEqual([true, false, true]);
    expect(
      changesBetween(back, { previousAsOf: '2021-03-19', asOf: '2021-03-21' }).map(
        ({ change, id, knownOn }) => [change, id, knownOn],
      ),
    ).toEqual([['new', 'E-raid', '2021-03-20']]);
    // Told in both issues: to a reader of both it is revised, not new.
    expect(
      changesBetween(back, { previousAsOf: '2021-03-14', asOf: '2021-03-21' }).find(
        ({ id }) => id === 'E-raid',
      )?.change,
    ).toBe('revised');
  });
});

describe('what changed', () => {
  test('since before anything: all is new', () => {
    expect(changes('2020-12-31', '2021-03-07')).toEqual([
      '2021-02-20 new events E-meeting',
      '2021-02-20 new measures M-meetings',
      '2021-03-02 new events E-letter',
      '2021-03-02 new judgments J-letter',
      '2021-03-05 new events E-raid',
      '2021-03-05 new events E-remark',
      '2021-03-05 new judgments J-weekly',
      '2021-03-05 new measures M-claims',
      '2021-03-05 new measures M-east',
      '2021-03-05 new measures M-town',
    ]);
  });

  test('in the second week: revisions, but not of what rests on a revised source', () => {
    expect(changes('2021-03-07', '2021-03-14')).toEqual([
      '2021-03-10 new events E-video',
      '2021-03-11 revised events E-meeting',
      '2021-03-12 revised measures M-claims',
    ]);
  });

  test('in the third week: withdrawals, also of what rested on the letter, on the day it fell', () => {
    expect(changes('2021-03-14', '2021-03-21')).toEqual([
      '2021-03-17 withdrawn events E-letter',
      '2021-03-17 withdrawn judgments J-letter',
      '2021-03-18 withdrawn events E-raid',
      '2021-03-19 new events E-return',
    ]);
  });

  test('a withdrawn row is shown as it last was', () => {
    const withdrawn = changesBetween(tables, { previousAsOf: '2021-03-14', asOf: '2021-03-21' }).find(
      ({ id }) => id === 'E-raid',
    );
    expect(withdrawn?.row).toMatchObject({
      known_on: '2021-03-05',
      status: 'current',
      claim_status: 'claimed',
    });
  });

  test('nothing between a day and itself, and nothing for what came and went in between', () => {
    expect(changes('2021-03-14', '2021-03-14')).toEqual([]);
    expect(changes('2021-03-01', '2021-03-21').filter((change) => /E-letter|E-raid/.test(change))).toEqual(
      [],
    );
  });

  test('rows of the kinds asked for', () => {
    const all = changesBetween(tables, {
      previousAsOf: '2021-03-07',
      asOf: '2021-03-14',
      include: ({ table }) => table === 'sources',
    });
    expect(all.map(({ change, id }) => `${change} ${id}`)).toEqual(['revised S-claims']);
  });
});
