import { meantBy } from '../../errors.ts';
import { hasFigure } from '../figures.ts';
import { newestOn, versionsById } from '../point-in-time.ts';
import {
  eachRow,
  placeholders,
  type Reference,
  references,
  type RowFault,
  type TableRow,
  type Unread,
  type Versions,
} from '../references.ts';
import { type TableName, tableNames, type Tables, tables as schemas } from '../schema.ts';
import type { DeclaredSettings } from '../settings.ts';
import { checkValues } from './validate-values.ts';

/** Finds all faults in rows that are each well formed. */
export function checkTables(
  tables: Tables,
  {
    unread,
    present,
    declared,
  }: { unread: Unread; present: ReadonlySet<TableName>; declared: DeclaredSettings },
): RowFault[] {
  const versions = versionsById(tables);
  const rows = eachRow(tables);
  return [
    ...checkKeys(versions),
    ...rows.flatMap((entry) => checkReferences(entry, { versions, unread, present })),
    ...checkCycles(rows, versions),
    ...checkValues(tables, versions),
    ...checkTerms(rows, declared),
    ...rows.flatMap((entry) => checkTexts(entry, versions)),
  ];
}

/** A row's key is (id, known_on), and an id belongs to one table. */
function checkKeys(versions: Versions): RowFault[] {
  return [...versions.entries()].flatMap(([id, entries]) => {
    const faults: RowFault[] = [];
    const [first] = entries;
    for (const [index, entry] of entries.entries()) {
      if (first && first.table !== entry.table)
        faults.push({
          ...entry,
          field: 'id',
          problem: `"${id}" is also in ${first.table}.`,
          hint: 'Change one of the two ids: ids are unique across all tables.',
        });
      else if (entries.slice(0, index).some(({ row }) => row.known_on === entry.row.known_on))
        faults.push({
          ...entry,
          field: 'known_on',
          problem: `"${id}" has another row known on ${entry.row.known_on}.`,
          hint: 'Remove one, or date the revision later.',
        });
    }
    if (first?.row.status === 'withdrawn')
      faults.push({
        ...first,
        field: 'status',
        problem: `the first row of "${id}" withdraws it.`,
        hint: 'Add the row that is withdrawn, with an earlier known_on, or remove this one.',
      });
    return faults;
  });
}

function checkReferences(
  { table, row }: TableRow,
  { versions, unread, present }: { versions: Versions; unread: Unread; present: ReadonlySet<TableName> },
): RowFault[] {
  const via: Reference[] =
    table === 'sources' && row.via !== null ? [{ field: 'via', id: row.via, tables: ['sources'] }] : [];
  const needed = references(table, row).filter(
    ({ field, id }, index, all) =>
      all.findIndex((other) => other.field === field && other.id === id) === index,
  );
  return [...needed, ...via].flatMap(({ field, id, tables }) => {
    const fault = (problem: string, hint: string): RowFault[] => [{ table, row, field, problem, hint }];
    const anywhere = tables.length === tableNames.length;
    const target = versions.get(id);
    const [first] = target ?? [];
    if (!target || !first) {
      if (unread.ids.has(id) || tables.some((name) => unread.tables.has(name))) return [];
      const where = anywhere ? 'a table' : tables.join(' or ');
      if (!tables.some((name) => present.has(name)))
        return fault(
          `names "${id}", and the dataset has no table ${where}.`,
          `Add the table to datapackage.json, or give the column another name, such as "${field}_name".`,
        );
      return fault(
        `there is no "${id}"${anywhere ? '' : ` in ${where}`}.`,
        `Add it to ${where}, or correct the id.`,
      );
    }
    if (!target.some((version) => tables.includes(version.table)))
      return fault(`"${id}" is in ${first.table}, not in ${tables.join(' or ')}.`, 'Correct the id.');
    // A source may be known before its carrier, and a withdrawal may name a row withdrawn with it.
    if (field === 'via' || row.status === 'withdrawn') return [];
    const newest = newestOn(target, row.known_on);
    if (!newest)
      return fault(
        `"${id}" becomes known only on ${first.row.known_on}, after this row (${row.known_on}).`,
        'Date this row later, or that one earlier.',
      );
    return newest.row.status === 'withdrawn'
      ? fault(`"${id}" was withdrawn on ${newest.row.known_on}.`, 'Name another row, or withdraw this one.')
      : [];
  });
}

/** Finds cycles of carriers, nested measures and judgments' evidence. */
function checkCycles(rows: readonly TableRow[], versions: Versions): RowFault[] {
  return rows.flatMap((entry) =>
    (['via', 'within', 'rests_on'] as const).flatMap((field): RowFault[] => {
      const { id: own, known_on: knownOn } = entry.row;
      const seen = new Set<string>();
      const ahead = idsIn(entry, field);
      for (let id = ahead.pop(); id !== undefined; id = ahead.pop()) {
        if (id === own) {
          const through = seen.size > 0 ? ` through ${[...seen].join(', ')}` : '';
          const problem = `"${own}" refers to itself${through}.`;
          return [{ ...entry, field, problem, hint: 'Remove one of the references.' }];
        }
        if (seen.has(id)) continue;
        seen.add(id);
        ahead.push(...idsIn(newestOn(versions.get(id), knownOn) ?? versions.get(id)?.[0], field));
      }
      return [];
    }),
  );
}

function idsIn(entry: TableRow | undefined, field: 'via' | 'within' | 'rests_on'): string[] {
  if (!entry || entry.row.status === 'withdrawn') return [];
  const value: unknown = Reflect.get(entry.row, field);
  return (Array.isArray(value) ? value : [value]).filter((id) => typeof id === 'string');
}

/** Finds terms in rows that are not in the dataset's declared list. */
function checkTerms(
  rows: readonly TableRow[],
  { topics, affiliations, sourceKinds }: DeclaredSettings,
): RowFault[] {
  const check = (
    entry: TableRow,
    field: string,
    { word, terms }: { word: string | null; terms: DeclaredSettings['topics'] },
  ): RowFault[] => {
    const names = terms?.map(({ name }) => name);
    if (names === undefined || word === null || names.includes(word)) return [];
    const problem = `"${word}" is not declared in datapackage.json.`;
    return [
      { ...entry, field, problem, hint: `${meantBy(word, names)} The list is under sitrep in that file.` },
    ];
  };
  return rows.flatMap((entry) => {
    const { table, row } = entry;
    if (table === 'actors')
      return check(entry, 'affiliation', { word: row.affiliation, terms: affiliations });
    if (table === 'sources') return check(entry, 'kind', { word: row.kind, terms: sourceKinds });
    if (table === 'places' || (table === 'judgments' && row.topic === 'all')) return [];
    return check(entry, 'topic', { word: row.topic, terms: topics });
  });
}

/** Tables whose texts are written for this program and may have placeholders. */
const written: readonly TableName[] = ['measures', 'readings', 'judgments', 'gaps', 'indicators'];

/** Finds placeholders that name nothing, and stray braces. */
function checkTexts({ table, row }: TableRow, versions: Versions): RowFault[] {
  const { shape } = schemas[table];
  return Object.entries(row).flatMap(([field, value]) => {
    if (typeof value !== 'string' || !Object.hasOwn(shape, field)) return [];
    const faults: RowFault[] = [];
    const fault = (problem: string, hint: string) => faults.push({ table, row, field, problem, hint });
    const found = placeholders(value);
    for (const { source, name, field: figure } of found) {
      // It names a finding, or a missing row, which is a reference fault.
      const lacking = versions
        .get(name)
        ?.find((version) => version.row.status === 'current' && !hasFigure(version, figure));
      if (lacking)
        fault(
          `${source}: "${name}" in ${lacking.table} (known on ${lacking.row.known_on}) has no figure "${figure}".`,
          'Fill in the field, or name another figure: an event has date, start and end, a measure value, count and start; docs/authoring.md lists them all.',
        );
    }
    const plain = found.reduce((text, { source }) => text.replace(source, ''), value);
    if (written.includes(table) && /[{}]/.test(plain))
      fault(
        'holds a brace that belongs to no placeholder.',
        'Write a placeholder as {F07.value}, or remove it.',
      );
    if (table === 'judgments' && field === 'likelihood' && !row.text.includes(value))
      fault(`is "${value}", which is not in the text.`, 'Use the word of this field in the text.');
    return faults;
  });
}
