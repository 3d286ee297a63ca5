import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { incidentColumns } from '../dataset/incidents.ts';

const column = z.object({ class: z.literal('COLUMN_REF'), alias: z.literal('') });
const star = z.looseObject({
  class: z.literal('STAR'),
  alias: z.literal(''),
  replace_list: z.tuple([]),
  rename_list: z.tuple([]),
  columns: z.literal(false),
});
const node = z.looseObject({
  select_list: z.array(z.union([column, star])),
  from_table: z.looseObject({}),
});
/** DuckDB's syntax tree of one SELECT statement for columns of one table. */
const tree = z.looseObject({ statements: z.tuple([z.looseObject({ node })]) });

/** What a statement does beside choosing columns, naming its table and filtering. */
const restOf = (each: z.output<typeof node>) => ({
  ...each,
  select_list: [],
  where_clause: null,
  from_table: { ...each.from_table, alias: '' },
});

/**
 * The same statement with all columns of the incidents that `sql` selects, if it only filters the view `incidents` and
 * gives its `columns` as they are. Then every row is an incident, and nothing need be looked up by id, which would read
 * the ids of the whole dataset. Undefined for other statements. `ask` evaluates SQL with the parameter `$sql`.
 */
export async function wholeIncidents(
  ask: (sql: string, parameter: string) => Promise<unknown>,
  { sql, columns }: { sql: string; columns: readonly string[] },
): Promise<string | undefined> {
  const own = new Set(['import', ...incidentColumns.map(({ name }) => name)]);
  if (new Set(columns).size < columns.length || columns.some((name) => !own.has(name))) return undefined;
  const texts = await ask(
    `[json_serialize_sql($sql::VARCHAR), json_serialize_sql('FROM incidents')]::VARCHAR[]`,
    sql,
  );
  // DuckDB writes some of these as numbers that JavaScript cannot represent.
  const [given, plain] = z
    .tuple([z.string(), z.string()])
    .parse(texts)
    .map(
      (text) =>
        tree.safeParse(JSON.parse(text.replaceAll(/"query_location":\d+/g, '"query_location":0'))).data,
    );
  if (given === undefined || plain === undefined) return undefined;
  const [[statement], [everything]] = [given.statements, plain.statements];
  if (!isDeepStrictEqual(restOf(statement.node), restOf(everything.node))) return undefined;
  const { select_list } = everything.node;
  const whole = { ...given, statements: [{ ...statement, node: { ...statement.node, select_list } }] };
  return z.string().parse(await ask('json_deserialize_sql($sql::JSON)', JSON.stringify(whole)));
}
