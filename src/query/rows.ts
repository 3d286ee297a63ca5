import {
  DuckDBArrayVector,
  DuckDBListVector,
  DuckDBMapVector,
  type DuckDBResult,
  DuckDBStructVector,
  DuckDBUnionVector,
  DuckDBVariantVector,
  type DuckDBVector,
} from '@duckdb/node-api';
import { toValue } from '../dataset/duckdb.ts';
import type { Row, Value } from '../dataset/parse-rows.ts';

/** Pages and charts need far fewer rows: more are a mistake, and would fill the memory of the process. */
const MOST_ROWS = 10_000;
/** The limit on items in the lists of one column that are read together. */
const MOST_ITEMS = 1_000_000;
const MOST_CHARACTERS = { ofValue: 1_000_000, ofResult: 10_000_000 };

/** Thrown when a result exceeds the limits. */
export class TooMuch extends Error {
  readonly hint: string;

  constructor(problem: string, hint = 'Select less, or aggregate in SQL.') {
    super(problem);
    this.hint = hint;
  }
}

/**
 * The rows of a streamed result. DuckDB's memory limit does not cover the chunks that it returns, so only one chunk is
 * in memory besides the rows, and reading stops at the limits. Throws `TooMuch`, and the errors of `toValue`.
 */
export async function readRows(result: DuckDBResult): Promise<Row[]> {
  const names = result.columnNames();
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Two columns are named "${twice}": rename one with AS.`);
  const types = result.columnTypes();
  const rows: Row[] = [];
  let characters = 0;
  const read = (value: Parameters<typeof toValue>[0], index: number): [string, Value] => {
    const name = names[index] ?? '';
    if (typeof value === 'string') checkLength(value.length, name);
    const made = toValue(value, types[index], name);
    const length = lengthOf(made);
    checkLength(length, name);
    characters += length;
    return [name, made];
  };
  for await (const chunk of result) {
    if (rows.length + chunk.rowCount > MOST_ROWS)
      throw new TooMuch(
        `The query returns more than ${count(MOST_ROWS)} rows.`,
        'Aggregate in SQL, narrow it, or look for a join without a condition.',
      );
    // Before the lists are read, because reading takes a hundred bytes per item.
    for (const [index, name] of names.entries())
      if (itemsIn(chunk.getColumnVector(index), name) > MOST_ITEMS)
        throw new TooMuch(`Column "${name}" has lists of more than ${count(MOST_ITEMS)} items.`);
    for (let row = 0; row < chunk.rowCount; row += 1) {
      rows.push(Object.fromEntries(chunk.getRowValues(row).map(read)));
      if (characters > MOST_CHARACTERS.ofResult)
        throw new TooMuch(`The query returns more than ${count(MOST_CHARACTERS.ofResult)} characters.`);
    }
  }
  return rows;
}

function checkLength(characters: number, column: string): void {
  if (characters > MOST_CHARACTERS.ofValue)
    throw new TooMuch(
      `Column "${column}" has a value of more than ${count(MOST_CHARACTERS.ofValue)} characters.`,
    );
}

function itemsIn(vector: DuckDBVector, column: string): number {
  if (vector instanceof DuckDBListVector)
    return vector.childVector.itemCount + itemsIn(vector.childVector, column);
  if (vector instanceof DuckDBArrayVector) return vector.itemCount * vector.type.length;
  if (vector instanceof DuckDBStructVector)
    return vector.type.entryNames.reduce(
      (items, _, index) => items + itemsIn(vector.entryVectorAt(index), column),
      0,
    );
  if ([DuckDBMapVector, DuckDBUnionVector, DuckDBVariantVector].some((kind) => vector instanceof kind))
    throw new Error(`Column "${column}" is of type ${vector.type}: cast it, for example to VARCHAR.`);
  return 0;
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  let length = 1;
  for (const [key, each] of Object.entries(value)) length += key.length + lengthOf(each);
  return length;
}

const count = (number: number): string => number.toLocaleString('en-GB');
