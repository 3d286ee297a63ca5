import { incidentColumns } from '../dataset/incidents.ts';
import { type FormatSql, identifier, literal } from './format.ts';

/** The incident columns that come from the file. The import adds the others. */
const given = incidentColumns.filter(({ name }) => !['status', 'known_on'].includes(name));
const mapped = given.filter(({ name }) => !['country', 'extra'].includes(name));
const defaults = new Map([
  ['counts', 'true'],
  ['number', '1'],
]);

/**
 * A SELECT for every row of a file: `skipped` says why it cannot be imported, `unreadable` which fields did not fit
 * their column. `country_given` and the incident columns follow. `source` is SQL for the file's text columns.
 */
export function loadSql(sql: FormatSql, source: string): string {
  const values = mapped.map(({ name, type }) => {
    const value = sql.columns.get(name) ?? defaults.get(name);
    const blank = type === 'VARCHAR[]' ? '[]' : 'NULL';
    return `(${value ?? blank})::${type} AS ${identifier(name)}`;
  });
  const named = ([name, value]: readonly [string, string]): string => `${value} AS ${name}`;
  const texts = sql.texts.map(named).join(', ');
  const steps = sql.steps.map((step) => `, ${named(step)}`).join('');
  const skipped = sql.skipped.map(([reason, when]) => `WHEN ${when} THEN ${literal(reason)}`);
  const fields = sql.unreadable.map(([field, when]) => `CASE WHEN ${when} THEN ${literal(field)} END`);
  const unreadable = sql.unreadable.map(([, when]) => when).join(' OR ') || 'false';
  const codes = sql.countries.map((country) => `country_code(${country})`);
  const code = codes.length === 0 ? 'NULL::VARCHAR' : `coalesce(${codes.join(', ')})`;
  const countryName = sql.countryName;
  const extra = [
    ...sql.extra,
    ['country', `CASE WHEN "step country" IS NULL THEN ${countryName} END`] as const,
  ].map(
    ([field, value]) =>
      `CASE WHEN ${value} IS NOT NULL THEN ${literal(`${JSON.stringify(field)}:`)} || to_json(${value}) END`,
  );
  const ownExtra = sql.columns.get('extra');
  const hashed = given.map(({ name, type }) =>
    type === 'VARCHAR[]'
      ? `array_to_string(${identifier(name)}, chr(3))`
      : `coalesce(${identifier(name)}::VARCHAR, chr(1))`,
  );
  return `SELECT skipped, unreadable, country_given,
      md5_number_lower(concat_ws(chr(2), ${hashed.join(', ')})) AS content_hash,
      ${given.map(({ name }) => identifier(name)).join(', ')}
    FROM (SELECT
      ${skipped.length === 0 ? 'NULL' : `CASE ${skipped.join(' ')} END`} AS skipped,
      CASE WHEN ${unreadable} THEN list_filter([${fields.join(', ')}]::VARCHAR[], lambda field: field IS NOT NULL) ELSE [] END AS unreadable,
      ${countryName} AS country_given,
      ${values.join(',\n      ')},
      "step country" AS country,
      ${ownExtra ?? `'{' || nullif(concat_ws(',', ${extra.join(',\n        ')}), '') || '}'`} AS extra
      FROM (SELECT *${steps}, ${code} AS "step country" FROM (SELECT ${texts} FROM (${source}))) AS texts) AS incident`;
}
