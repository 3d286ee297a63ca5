import { basename } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from 'zod';
import { AppError, type Fault } from '../../errors.ts';
import { countryBoxes } from './country-boxes.ts';
import type { Database } from '../database.ts';
import type { Importer } from '../format.ts';
import { quote } from '../../dataset/sql.ts';

/** Some rows of one file. */
export interface RowsOfFile {
  readonly file: string;
  readonly count: number;
  /** The first few row numbers, as a spreadsheet shows them; none for a document. */
  readonly rows: readonly number[];
}

/** In degrees, because outlines at 1:50 million leave out small islands. */
const TOLERANCE = 0.5;
/** In degrees: more than 200 nautical miles, so that incidents in a country's waters are not far. */
const FAR = 5;

/**
 * Creates the table `country_boxes`, and macros for the row of a country in it and a point. `is_swapped`: the point lies
 * outside the box around the country's larger parts, and inside if latitude and longitude change places. `is_far`: it
 * lies far outside the box around all parts.
 */
export async function createCountryBoxes(connection: DuckDBConnection): Promise<void> {
  // One text is planned in a sixth of the time of so many values.
  const box = { west: 'DOUBLE', south: 'DOUBLE', east: 'DOUBLE', north: 'DOUBLE' };
  const [boxes, types] = [countryBoxes, [{ code: 'VARCHAR', main: box, whole: box }]].map((value) =>
    quote(JSON.stringify(value)),
  );
  await connection.run(
    `CREATE TABLE country_boxes AS
      SELECT box.code AS country, box.main, box.whole FROM (SELECT unnest(from_json(${boxes}, ${types})) AS box);
    CREATE MACRO in_box(box, lat, lon, margin) AS lat BETWEEN box.south - margin AND box.north + margin
      AND lon BETWEEN box.west - margin AND box.east + margin;
    CREATE MACRO is_swapped(main, lat, lon) AS
      NOT in_box(main, lat, lon, ${TOLERANCE}) AND in_box(main, lon, lat, ${TOLERANCE});
    CREATE MACRO is_far(whole, lat, lon) AS NOT in_box(whole, lat, lon, ${FAR})`,
  );
}

/**
 * The incidents that lie far from their country. Throws `import-failed` if most of a file's incidents lie in their
 * country only with latitude and longitude swapped, unless it repairs an import that an earlier version accepted.
 */
export async function checkPlaces(
  { connection, rows }: Database,
  { files, importer, isRepair }: { files: readonly string[]; importer: Importer; isRepair: boolean },
): Promise<RowsOfFile[]> {
  const isDocument = importer.convert !== undefined;
  await createCountryBoxes(connection);
  const found = await rows(
    `SELECT file::INTEGER AS file, count(*)::INTEGER AS located,
      count(*) FILTER (swapped)::INTEGER AS swapped, list_sort(coalesce(min("row", 3) FILTER (swapped), []))::INTEGER[] AS swapped_rows,
      count(*) FILTER (far)::INTEGER AS far, list_sort(coalesce(min("row", 3) FILTER (far), []))::INTEGER[] AS far_rows
    FROM (SELECT file, "row", is_swapped(main, lat, lon) AS swapped, is_far(whole, lat, lon) AS far
      FROM kept JOIN country_boxes USING (country) WHERE lat IS NOT NULL AND lon IS NOT NULL)
    GROUP BY file ORDER BY file`,
    z.object({
      file: z.number(),
      located: z.number(),
      swapped: z.number(),
      swapped_rows: z.array(z.number()),
      far: z.number(),
      far_rows: z.array(z.number()),
    }),
  );
  const faults = found
    .filter(({ swapped, located }) => swapped * 2 > located)
    .map(({ file, located, swapped, swapped_rows: [row, ...also] }): Fault => ({
      file: files[file] ?? '',
      ...(!isDocument && { row, also: also.map((each) => `row ${each}`) }),
      problem: `has latitude and longitude swapped: ${swapped.toLocaleString('en-GB')} of ${located.toLocaleString('en-GB')} incidents lie in their country only the other way round.`,
      hint:
        importer.origin.mapping === null
          ? 'Export the file again, or swap the two columns in it.'
          : 'Swap the columns of lat and lon in the mapping.',
      count: swapped,
    }));
  if (faults.length > 0 && !isRepair) throw new AppError('import-failed', faults);
  return found.flatMap(({ file, far, far_rows: first }) =>
    far === 0 ? [] : [{ file: basename(files[file] ?? ''), count: far, rows: isDocument ? [] : first }],
  );
}
