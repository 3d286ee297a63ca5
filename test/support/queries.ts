import type { ChartRequest, DrawChart, Drawing } from '../../src/charts/draw.ts';
import type { Row } from '../../src/dataset/parse-rows.ts';
import { tableNames, type Tables } from '../../src/dataset/schema.ts';
import { hashOf } from '../../src/hash.ts';
import { openQueries } from '../../src/query/database.ts';
import type { Queries } from '../../src/query/query.ts';
import type { OpenQueries } from '../../src/query/select.ts';

/** The newest answers by key: in a process that runs many files of tests, older ones are of no more use. */
export class Newest<T> {
  readonly #answers = new Map<string, T>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string, make: () => T): T {
    const found = this.#answers.get(key) ?? make();
    this.#answers.delete(key);
    this.#answers.set(key, found);
    const [oldest] = this.#answers.size > this.#most ? this.#answers.keys() : [];
    if (oldest !== undefined) this.#answers.delete(oldest);
    return found;
  }
}

/** Numbers objects by identity, so that a key can name one without its content. */
function numberer(): (object: object) => number {
  const numbers = new WeakMap<object, number>();
  let count = 0;
  return (object) => {
    const number = numbers.get(object) ?? count++;
    numbers.set(object, number);
    return number;
  };
}

/**
 * DuckDB, for tests that render one brief hundreds of times with a row more or less: a query that names only tables
 * whose rows are the same as before is not run again.
 */
export function rememberedQueries(): OpenQueries {
  const answers = new Newest<Promise<Row[]>>(5000);
  const headings = new Newest<Promise<readonly string[]>>(5000);
  const numberOf = numberer();

  return async (known: Tables, options) => {
    const { macros } = options;
    let opened: Promise<Queries> | undefined;
    const text = macros.map((each) => each.text).join('\n');
    const names = [...text.matchAll(/CREATE MACRO (\w+)/g)].map(([, name]) => name);
    // A macro may read any table that macros read.
    const read = (sql: string) => (names.some((name) => sql.includes(`${name}(`)) ? sql + text : sql);
    const stateOf = (sql: string) =>
      tableNames
        .filter((table) => new RegExp(`\\b${table}\\b`).test(read(sql)))
        .map((table) => known[table].map(numberOf).join(','));
    const keyOf = (query: { readonly sql: string }) =>
      JSON.stringify([query, { ...options, locale: options.locale?.tag }, stateOf(query.sql)]);
    const ask = () => (opened ??= openQueries(known, options));
    return {
      query: (query) => answers.get(keyOf(query), () => ask().then((queries) => queries.query(query))),
      columns: (query) => headings.get(keyOf(query), () => ask().then((queries) => queries.columns(query))),
      [Symbol.asyncDispose]: async () => (await opened)?.[Symbol.asyncDispose](),
    };
  };
}

/** Draws each chart once for the same request: most tests change something that no chart shows. */
export function rememberedDrawings(draw: DrawChart): DrawChart {
  const drawings = new Newest<Promise<Drawing>>(300);
  return (request: ChartRequest) => drawings.get(hashOf(JSON.stringify(request)), () => draw(request));
}
