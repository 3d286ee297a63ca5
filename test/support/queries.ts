import type { ChartRequest, DrawChart, Drawing } from '../../src/charts/draw.ts';
import type { Row } from '../../src/dataset/parse-rows.ts';
import { tableNames, type Tables } from '../../src/dataset/schema.ts';
import { hashOf } from '../../src/hash.ts';
import { openQueries } from '../../src/query/database.ts';
import type { OpenQueries, Queries } from '../../src/query/select.ts';

/** Numbers objects by identity, so that a key can name one without its content. */
function numberer(): (object: object) => number {
  const numbers = new Map<object, number>();
  return (object) => {
    const number = numbers.get(object) ?? numbers.size;
    numbers.set(object, number);
    return number;
  };
}

/**
 * DuckDB, for tests that render one brief hundreds of times with a row more or less: a query that names only tables
 * whose rows are the same as before is not run again.
 */
export function rememberedQueries(): OpenQueries {
  const answers = new Map<string, Promise<Row[]>>();
  const headings = new Map<string, Promise<readonly string[]>>();
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
      query: (query) => {
        const key = keyOf(query);
        const answer = answers.get(key) ?? ask().then((queries) => queries.query(query));
        answers.set(key, answer);
        return answer;
      },
      columns: (query) => {
        const key = keyOf(query);
        const heading = headings.get(key) ?? ask().then((queries) => queries.columns(query));
        headings.set(key, heading);
        return heading;
      },
      [Symbol.asyncDispose]: async () => (await opened)?.[Symbol.asyncDispose](),
    };
  };
}

/** Draws each chart once for the same request: most tests change something that no chart shows. */
export function rememberedDrawings(draw: DrawChart): DrawChart {
  const drawings = new Map<string, Promise<Drawing>>();
  const numberOf = numberer();
  return (request: ChartRequest) => {
    const { maps = {}, ...rest } = request;
    const outlines = Object.entries(maps).map(([name, rows]) => [name, numberOf(rows)]);
    const key = hashOf(JSON.stringify([rest, outlines]));
    const drawing = drawings.get(key) ?? draw(request);
    drawings.set(key, drawing);
    return drawing;
  };
}
