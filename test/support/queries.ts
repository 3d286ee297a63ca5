import type { Row } from '../../src/dataset/parse-rows.ts';
import { tableNames, type Tables } from '../../src/dataset/schema.ts';
import { openQueries } from '../../src/query/database.ts';
import type { OpenQueries, Queries } from '../../src/query/select.ts';

/**
 * DuckDB, for tests that render one brief hundreds of times with a row more or less: a query that names only tables
 * whose rows are the same as before is not run again.
 */
export function rememberedQueries(): OpenQueries {
  const answers = new Map<string, Promise<Row[]>>();
  const numbers = new Map<object, number>();
  const numberOf = (row: object): number => {
    const number = numbers.get(row) ?? numbers.size;
    numbers.set(row, number);
    return number;
  };

  return async (known: Tables, options) => {
    const { macros } = options;
    let opened: Promise<Queries> | undefined;
    const names = [...macros.text.matchAll(/CREATE MACRO (\w+)/g)].map(([, name]) => name);
    // A macro may read any table that macros read.
    const read = (sql: string) => (names.some((name) => sql.includes(`${name}(`)) ? sql + macros.text : sql);
    const stateOf = (sql: string) =>
      tableNames
        .filter((table) => new RegExp(`\\b${table}\\b`).test(read(sql)))
        .map((table) => known[table].map(numberOf).join(','));
    return {
      query: (query) => {
        const key = JSON.stringify([query, options, stateOf(query.sql)]);
        const answer =
          answers.get(key) ??
          (opened ??= openQueries(known, options)).then((queries) => queries.query(query));
        answers.set(key, answer);
        return answer;
      },
      columns: async (query) => (await (opened ??= openQueries(known, options))).columns(query),
      [Symbol.asyncDispose]: async () => (await opened)?.[Symbol.asyncDispose](),
    };
  };
}
