import type { DuckDBConnection, DuckDBResult, DuckDBValue } from '@duckdb/node-api';

/**
 * So many events take 700 MB to load and 1 GB with their queries. Tables of a team that reads and grades what it enters
 * have hundreds.
 */
export const MOST_ROWS = 100_000;
/** As it lies on the disk, and in characters where it is packed there. */
export const MOST_BYTES = 64 * 2 ** 20;

/** A table that is not read to its end. */
export class TableTooLarge extends Error {
  readonly problem: string;
  readonly mend = 'Let a table hold what briefs tell of: leave out what is older, or count it before.';

  constructor(what: 'rows' | 'bytes') {
    const problem = `has more than ${what === 'rows' ? `${MOST_ROWS.toLocaleString('en-GB')} rows` : `${MOST_BYTES / 2 ** 20} MB`}.`;
    super(problem);
    this.problem = problem;
  }
}

/**
 * The rows that `sql` reads from a file, part by part, so that one without end is never in memory whole. `besides` are
 * rows that are none of the table, such as a header. Throws `TableTooLarge`.
 */
export async function readFileRows(
  connection: DuckDBConnection,
  sql: string,
  { besides = 0 }: { besides?: number } = {},
): Promise<{ readonly result: DuckDBResult; readonly rows: readonly DuckDBValue[][] }> {
  const result = await connection.stream(sql);
  const rows: DuckDBValue[][] = [];
  let left = MOST_BYTES;
  for (
    let chunk = await result.fetchChunk();
    chunk !== null && chunk.rowCount > 0;
    chunk = await result.fetchChunk()
  ) {
    for (const row of chunk.getRows()) {
      rows.push(row);
      for (const cell of row) if (typeof cell === 'string') left -= cell.length;
    }
    if (rows.length > MOST_ROWS + besides) throw new TableTooLarge('rows');
    if (left < 0) throw new TableTooLarge('bytes');
  }
  return { result, rows };
}
