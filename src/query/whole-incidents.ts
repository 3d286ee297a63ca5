import { z } from 'zod';
import { incidentColumns } from '../dataset/incidents.ts';

const column = z.object({
  class: z.literal('COLUMN_REF'),
  alias: z.literal(''),
  column_names: z.array(z.string()).min(1).max(2),
});
const star = z.object({
  class: z.literal('STAR'),
  alias: z.literal(''),
  replace_list: z.tuple([]),
  rename_list: z.tuple([]).optional(),
  columns: z.literal(false),
  expr: z.null().optional(),
});

/** DuckDB's syntax tree of a statement that selects columns of `incidents`, and does nothing else but filter. */
const plainStatement = z.object({
  error: z.literal(false),
  statements: z.tuple([
    z.looseObject({
      node: z.looseObject({
        type: z.literal('SELECT_NODE'),
        modifiers: z.tuple([]),
        cte_map: z.object({ map: z.tuple([]) }),
        select_list: z.array(z.union([column, star])),
        from_table: z.looseObject({
          type: z.literal('BASE_TABLE'),
          schema_name: z.literal(''),
          catalog_name: z.literal(''),
          table_name: z.literal('incidents'),
          column_name_alias: z.tuple([]),
          sample: z.null(),
        }),
        group_expressions: z.tuple([]),
        group_sets: z.tuple([]),
        aggregate_handling: z.literal('STANDARD_HANDLING'),
        having: z.null(),
        sample: z.null(),
        qualify: z.null(),
      }),
    }),
  ]),
});

const everyColumn = {
  class: 'STAR',
  type: 'STAR',
  alias: '',
  relation_name: '',
  exclude_list: [],
  replace_list: [],
  columns: false,
};

/**
 * The same statement with all columns of the incidents that `sql` selects, if it only filters the view `incidents` and
 * gives its `columns` as they are. Then every row is an incident, and nothing need be looked up by id, which would read
 * the ids of the whole dataset. Undefined for other statements. `ask` runs SQL that returns one text; `$sql` is its
 * parameter.
 */
export async function wholeIncidents(
  ask: (sql: string, parameter: string) => Promise<unknown>,
  { sql, columns }: { sql: string; columns: readonly string[] },
): Promise<string | undefined> {
  const own = new Set(['import', ...incidentColumns.map(({ name }) => name)]);
  if (new Set(columns).size < columns.length || columns.some((name) => !own.has(name))) return undefined;
  const text = z.string().parse(await ask('json_serialize_sql($sql::VARCHAR)::VARCHAR', sql));
  // DuckDB writes some of these as numbers that JavaScript cannot represent.
  const tree: unknown = JSON.parse(text.replaceAll(/"query_location":\d+/g, '"query_location":0'));
  const plain = plainStatement.safeParse(tree).data;
  if (plain === undefined) return undefined;
  const [statement] = plain.statements;
  const whole = {
    ...plain,
    statements: [{ ...statement, node: { ...statement.node, select_list: [everyColumn] } }],
  };
  return z.string().parse(await ask('json_deserialize_sql($sql::JSON)', JSON.stringify(whole)));
}
