import { figureOf } from './figures.ts';
import { placeholders, type RowFault, type TableRow, type Versions } from './references.ts';
import { type TableName, tables } from './schema.ts';

/** Tables whose texts are written for this program and may have placeholders. */
const written: readonly TableName[] = ['measures', 'readings', 'judgments', 'gaps', 'indicators'];

/** Finds placeholders that name nothing, and stray braces. */
export function checkTexts({ table, row }: TableRow, versions: Versions): RowFault[] {
  const { shape } = tables[table];
  return Object.entries(row).flatMap(([field, value]) => {
    if (typeof value !== 'string' || !Object.hasOwn(shape, field)) return [];
    const faults: RowFault[] = [];
    const fault = (problem: string, hint: string) => faults.push({ table, row, field, problem, hint });
    const found = placeholders(value);
    for (const { source, name, field: figure } of found) {
      // It names a finding, or a missing row, which is a reference fault.
      const lacking = versions
        .get(name)
        ?.find((version) => version.row.status === 'current' && figureOf(version, figure) === undefined);
      if (lacking)
        fault(
          `${source}: "${name}" in ${lacking.table} (known on ${lacking.row.known_on}) has no figure "${figure}".`,
          'Fill the field in, or name another figure: an event has date, start and end, a measure value, count and start; docs/authoring.md lists them all.',
        );
    }
    const plain = found.reduce((text, { source }) => text.replace(source, ''), value);
    if (written.includes(table) && /[{}]/.test(plain))
      fault(
        'holds a brace that belongs to no placeholder.',
        'Write a placeholder as {F07.value}, or remove it.',
      );
    if (table === 'judgments' && field === 'likelihood' && !row.text.includes(value))
      fault(
        `is "${value}", which the text does not say.`,
        'Use the word of the field in the text, so that the two cannot differ.',
      );
    return faults;
  });
}
