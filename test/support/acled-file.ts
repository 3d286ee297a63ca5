import { openInMemory } from '../../src/dataset/duckdb.ts';

const days = 3653;
const countries = `['Yemen', 'Somalia', 'Mali', 'Nigeria', 'Mexico', 'India', 'Colombia', 'Myanmar', 'Niger', 'Chad']`;
const codes = `['887', '706', '466', '566', '484', '356', '170', '104', '562', '148']`;
const kinds = `['Battles', 'Explosions/Remote violence', 'Violence against civilians', 'Protests', 'Riots', 'Strategic developments']`;

/**
 * Writes a CSV file of invented events with the 31 columns of an ACLED export: ten countries, ten years from 2015, and
 * a note of about 300 characters each. The same number of rows gives the same file.
 */
export async function writeAcledFile(file: string, rows: number): Promise<void> {
  await using database = await openInMemory();
  /** A whole number below `most`, from the number of the row. */
  const pick = (column: number, most: number): string => `(hash(n * 64 + ${column}) % ${most})::INTEGER`;
  const oneOf = (list: string, column: number, most: number): string => `${list}[${pick(column, most)} + 1]`;
  const day = `(DATE '2015-01-01' + ${pick(1, days)})`;
  const words = (column: number, count: number): string =>
    Array.from({ length: count }, (_, index) => `'w' || ${pick(column + index, 5000)}`).join(` || ' ' || `);
  await database.connection.run(`COPY (SELECT
      'EVT' || n AS event_id_cnty, strftime(${day}, '%d %B %Y') AS event_date, year(${day}) AS "year",
      CASE WHEN ${pick(2, 20)} = 0 THEN 2 ELSE 1 END AS time_precision, 'Political violence' AS disorder_type,
      ${oneOf(kinds, 3, 6)} AS event_type, 'Kind ' || ${pick(4, 25)} AS sub_event_type,
      'Armed group ' || ${pick(5, 800)} AS actor1,
      CASE WHEN ${pick(6, 4)} = 0 THEN 'Militia ' || ${pick(7, 300)} || '; Clan ' || ${pick(8, 300)} ELSE '' END AS assoc_actor_1,
      'State forces' AS inter1,
      CASE WHEN ${pick(9, 3)} = 0 THEN '' ELSE 'Forces of district ' || ${pick(10, 500)} END AS actor2,
      '' AS assoc_actor_2, 'Rebel group' AS inter2, 'State forces-Rebel group' AS interaction,
      CASE WHEN ${pick(11, 4)} = 0 THEN 'Civilian targeting' ELSE '' END AS civilian_targeting,
      ${oneOf(codes, 12, 10)} AS iso, 'Region' AS region, ${oneOf(countries, 12, 10)} AS country,
      'Province ' || ${pick(13, 20)} AS admin1, 'District ' || ${pick(14, 200)} AS admin2, '' AS admin3,
      'Town ' || ${pick(15, 5000)} AS location,
      round(${pick(16, 400_000)} / 10000.0 - 10, 4) AS latitude, round(${pick(17, 900_000)} / 10000.0, 4) AS longitude,
      1 + ${pick(18, 3)} AS geo_precision, 'Gazette ' || ${pick(19, 90)} AS source, 'National' AS source_scale,
      ${words(20, 12)} || ', of "' || ${words(32, 12)} || '". ' || repeat('It was reported. ', 8) || 'End.' AS notes,
      ${pick(45, 12)} AS fatalities, '' AS tags, 1420070400 + ${pick(1, days)} * 86400 + 604800 AS timestamp
    FROM generate_series(1, ${rows}) AS numbers(n)) TO '${file.replaceAll("'", "''")}' (FORMAT csv, HEADER)`);
}
