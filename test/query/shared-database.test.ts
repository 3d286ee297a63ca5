import { expect, test } from 'vitest';
import { noTables, type Tables } from '../../src/dataset/schema.ts';
import { noSettings } from '../../src/dataset/settings.ts';
import type { OpenQueries } from '../../src/query/select.ts';
import { shareQueries } from '../../src/query/shared-database.ts';

const macros = [{ file: 'macros.sql', text: '' }];
const query = {
  sql: '',
  file: '',
  parameters: { as_of: '', period_start: '', previous_as_of: '', topic: '' },
};

/** An opener whose databases answer with their own number, and which notes what was closed. */
function numbered(): { open: OpenQueries; opened: Tables[]; closed: number[] } {
  const opened: Tables[] = [];
  const closed: number[] = [];
  return {
    opened,
    closed,
    open: async (known) => {
      const number = opened.push(known) - 1;
      return {
        query: async () => [{ number }],
        columns: async () => ['number'],
        [Symbol.asyncDispose]: async () => void closed.push(number),
      };
    },
  };
}

test('editions of one cut-off share a database, which is closed at the end', async () => {
  const { open, opened, closed } = numbered();
  {
    await using shared = shareQueries(open);
    for (let edition = 0; edition < 3; edition += 1) {
      // Each brief is loaded by itself, and has an object of its own with the same macros.
      await using queries = await shared.open(noTables, {
        macros: macros.map((each) => ({ ...each })),
        settings: noSettings,
      });
      expect(await queries.query(query)).toEqual([{ number: 0 }]);
    }
    expect(opened).toHaveLength(1);
    expect(closed).toEqual([]);
  }
  expect(closed).toEqual([0]);
});

test('macros that say the same share a database, and others do not', async () => {
  const { open, opened } = numbered();
  await using shared = shareQueries(open);
  for (const text of ['', '', 'CREATE MACRO one() AS 1;']) {
    const own = [{ file: 'macros.sql', text }];
    await using _ = await shared.open(noTables, { macros: own, settings: noSettings });
  }
  expect(opened).toHaveLength(2);
});

test('asked for two cut-offs at once, each gets its own rows, and none is closed under its user', async () => {
  const { open, opened, closed } = numbered();
  const shared = shareQueries(open);
  const idle = { ...noTables };
  await (await shared.open(idle, { macros, settings: noSettings }))[Symbol.asyncDispose]();
  const cutOffs = [{ ...noTables }, { ...noTables }];
  const both = await Promise.all(
    cutOffs.map((known) => shared.open(known, { macros, settings: noSettings })),
  );
  for (const [index, queries] of both.entries()) {
    const [row] = await queries.query(query);
    expect(opened[Number(row?.['number'])]).toBe(cutOffs[index]);
  }
  expect(closed).toEqual([0]);
  for (const queries of both) await queries[Symbol.asyncDispose]();
  await shared[Symbol.asyncDispose]();
  expect(new Set(closed)).toEqual(new Set([0, 1, 2]));
});
