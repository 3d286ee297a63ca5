import type { z } from 'zod';
import { tables, type TableName } from './dataset.ts';

export interface Column {
  readonly name: string;
  readonly type: 'DATE' | 'DOUBLE' | 'VARCHAR[]' | 'VARCHAR';
}

/** The columns of a model table, in its order, with the SQL type that each field's schema amounts to. */
export function columnsOf(table: TableName): Column[] {
  return Object.entries(tables[table].shape).map(([name, schema]) => ({ name, type: typeOf(schema) }));
}

/** A schema shows its type by what it makes of a sample, so that no second list of fields can fall behind it. */
function typeOf(schema: z.ZodType): Column['type'] {
  const made = (sample: string) => schema.safeParse(sample).data;
  if (Array.isArray(made('a'))) return 'VARCHAR[]';
  if (typeof made('1') === 'number') return 'DOUBLE';
  return made('2021-08-25') !== undefined && made('a') === undefined ? 'DATE' : 'VARCHAR';
}
