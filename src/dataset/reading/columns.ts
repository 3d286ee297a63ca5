import { similarTo } from '../../errors.ts';
import type { RawTable } from './csv.ts';
import type { Column } from '../fields.ts';
import { needed } from './fill-in.ts';
import type { TableFile } from './package.ts';
import type { CellFault } from '../parse-rows.ts';
import { tableNames, tables } from '../schema.ts';

/** The SQL type of each Data Package field type; every other type is read as text. */
const types: { readonly [type: string]: Column['type'] } = {
  integer: 'BIGINT',
  year: 'BIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  datetime: 'TIMESTAMP',
  list: 'VARCHAR[]',
  array: 'VARCHAR[]',
};

/**
 * The columns of a table file that are not in the model, with the types that datapackage.json declares, or the one
 * fault that makes the file unreadable. In a table that is not in the model, `known_on` is a day, whatever is declared.
 */
export function columnsBeside(
  { name: table, format, fields }: TableFile<string>,
  { columns }: Pick<RawTable, 'columns'>,
  { isDated }: { isDated: boolean },
): readonly Column[] | CellFault {
  const known = tableNames.find((each) => each === table);
  const model = known === undefined ? [] : Object.keys(tables[known].shape);
  const required = known === undefined ? [] : needed(known).filter((name) => !isDated || name !== 'known_on');
  const declared = fields?.map((field) => field.name);
  const twice = columns.find((name, index) => columns.findIndex((each) => alike(each, name)) !== index);
  const missing = required.filter((name) => !columns.includes(name) && !declared?.includes(name));
  // A JSON file may omit a field from every item.
  const absent = format === 'json' ? [] : (declared ?? []).filter((name) => !columns.includes(name));
  const unknown = columns.filter(
    (name) => !model.includes(name) && (declared ? !declared.includes(name) : meant(name) !== undefined),
  );
  const lacking = [...new Set([...missing, ...absent])];
  const fault = (problem: string, hint: string): CellFault => ({
    ...(format === 'csv' && { row: 1 }),
    problem,
    hint,
  });
  const [only = '', ...others] = columns;
  const separator = others.length === 0 ? /[;\t]/.exec(only)?.[0] : undefined;
  if (format === 'csv' && separator !== undefined)
    return fault(
      `is separated by ${separator === ';' ? 'semicolons' : 'tabs'}.`,
      'Save it as CSV separated by commas, in UTF-8. Some spreadsheets call that "CSV UTF-8" or ask for the separator.',
    );
  if (columns.includes(''))
    return fault('has a column without a name.', 'Name it in the header, or remove it.');
  if (twice !== undefined)
    return fault(`has two columns "${twice}", because capitals are ignored.`, 'Rename or remove one.');
  const problems = [
    ...(lacking.length > 0 ? [`lacks the ${counted(lacking)}`] : []),
    ...(unknown.length > 0
      ? [`has the ${counted(unknown)}${declared ? ', which datapackage.json does not declare' : ''}`]
      : []),
  ];
  if (problems.length > 0) return fault(`${problems.join(' and ')}.`, mendOf());
  return columns
    .filter((name) => !model.includes(name))
    .map((name) => {
      const type = fields?.find((field) => field.name === name)?.type ?? 'string';
      return { name, type: name === 'known_on' ? 'DATE' : (types[type] ?? 'VARCHAR') };
    });

  function meant(name: string): string | undefined {
    return similarTo(
      name,
      model.filter((each) => !columns.includes(each)),
    );
  }

  function mendOf(): string {
    for (const name of unknown) {
      const similar = meant(name);
      if (similar !== undefined)
        return `Did you mean "${similar}"? If it is a column of your own, declare it in datapackage.json, under schema.fields.`;
    }
    if (lacking.includes('known_on'))
      return `Add ${lacking.length === 1 ? 'it: ' : 'them. known_on is '}the day on which you learned of each row. If that is the day of each event, declare "knownOn": "date" in datapackage.json, under sitrep.`;
    return unknown.length > 0
      ? 'Declare it under schema.fields, or remove it.'
      : `Add ${lacking.length === 1 ? 'it' : 'them'}. The file has the columns ${columns.join(', ')}.`;
  }
}

const alike = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

const counted = (names: readonly string[]): string =>
  `column${names.length === 1 ? '' : 's'} ${names.map((name) => `"${name}"`).join(', ')}`;
