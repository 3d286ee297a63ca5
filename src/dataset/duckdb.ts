import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBInstance,
  DuckDBListType,
  DuckDBListValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { z } from 'zod';
import type { Value } from './parse-rows.ts';

/**
 * Converts one result value for charts and templates: DATE → `YYYY-MM-DD`, TIMESTAMP → ISO 8601 in UTC, whole and
 * decimal numbers → number, LIST → array, STRUCT → object, JSON → its parsed value. Throws an error that names `column`
 * for values with no exact counterpart: a whole number past 2⁵³, NaN, an interval, a blob.
 */
export function toValue(value: DuckDBValue, type: DuckDBType | undefined, column: string): Value {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return type?.alias === 'JSON' ? z.json().parse(JSON.parse(value)) : value;
  if (typeof value === 'bigint') return exact(value, column);
  if (typeof value === 'number') {
    if (!Number.isFinite(value))
      throw new Error(`Column "${column}" has the value ${value}, which is not a finite number.`);
    return value;
  }
  if (value instanceof DuckDBDecimalValue)
    return value.scale === 0 ? exact(value.value, column) : value.toDouble();
  if (value instanceof DuckDBDateValue && value.isFinite) return value.toString();
  const millis = instant(value);
  if (millis !== undefined && Math.abs(millis) <= 8.64e15) return new Date(millis).toISOString();
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    const item =
      type instanceof DuckDBListType || type instanceof DuckDBArrayType ? type.valueType : undefined;
    return value.items.map((each) => toValue(each, item, column));
  }
  if (value instanceof DuckDBStructValue) {
    const fields = Object.entries(value.entries);
    return Object.fromEntries(
      fields.map(([name, each]) => [
        name,
        toValue(each, type instanceof DuckDBStructType ? type.typeForEntry(name) : undefined, column),
      ]),
    );
  }
  throw new Error(
    `Column "${column}" has the value ${value} of type ${type}: cast it, for example to VARCHAR.`,
  );
}

function exact(value: bigint, column: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
    throw new Error(
      `Column "${column}" has the value ${value}, too large to stay exact: cast it to VARCHAR.`,
    );
  return Number(value);
}

function instant(value: DuckDBValue): number | undefined {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)
    return Number(value.micros / 1000n);
  if (value instanceof DuckDBTimestampNanosecondsValue) return Number(value.nanos / 1_000_000n);
  if (value instanceof DuckDBTimestampMillisecondsValue) return Number(value.millis);
  if (value instanceof DuckDBTimestampSecondsValue) return Number(value.seconds) * 1000;
  return undefined;
}

/** An in-memory DuckDB with one connection; disposing closes both. */
export async function openInMemory() {
  // No temporary folder: a query that exceeds memory fails instead of writing the dataset to the working folder.
  const limits = { threads: '1', memory_limit: '1GB', temp_directory: '' };
  const instance = await DuckDBInstance.create(':memory:', limits);
  const connection = await instance.connect();
  return {
    instance,
    connection,
    async [Symbol.asyncDispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
