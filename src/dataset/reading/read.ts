import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { AppError, type Fault } from '../../errors.ts';
import { columnsBeside } from './columns.ts';
import type { Column } from '../fields.ts';
import { countryCodes, type Defaults, fillIn, firstDayOf } from './fill-in.ts';
import { readIncidentStore } from './incident-store.ts';
import { besideOwn, noteTables, readNotes } from './notes.ts';
import { readOutlines } from './outlines.ts';
import { parsePackage } from './package.ts';
import { parseOwnRows, parseRows } from '../parse-rows.ts';
import { type DatasetSettings, type DeclaredSettings, termsOf } from '../settings.ts';
import {
  type Dataset,
  modelTables,
  type OwnTables,
  type TableName,
  tableNames,
  type Tables,
  tables as schemas,
} from '../schema.ts';
import { readTables } from './table-files.ts';
import { checkTables } from './validate.ts';

/**
 * Loads and validates the data package in `folder`; `displayPath` is the path for messages. `staged` is the folder of an
 * import that is not in its place yet: its notes are validated with the others. Throws `dataset-invalid` with all faults,
 * each with its file, row and field.
 */
export async function loadDataset(folder: string, displayPath: string, staged?: string): Promise<Dataset> {
  const manifest = `${displayPath.replace(/\/+$/, '')}/datapackage.json`;
  const shown = (path: string): string => manifest.replace(/[^/]*$/, path);
  const described = parsePackage(await readManifest(folder, manifest));
  const { name, title, marking, licence, declared, files, own: ownFiles } = described;
  const faults: Fault[] = [];
  const report = (file: string, found: readonly Fault[]): void => {
    for (const fault of found) faults.push({ file, ...fault });
  };
  report(manifest, described.faults);
  // Without a name there is no valid package, and checking its tables is pointless.
  if (name === '') throw new AppError('dataset-invalid', faults);

  const incidents = await readIncidentStore(folder, displayPath);
  if (described.incidents !== undefined && incidents.imports.length === 0 && staged === undefined)
    faults.push({
      file: shown(described.incidents),
      problem: 'does not exist, although datapackage.json declares incidents.',
      hint: 'Restore the folder of incidents from a backup, import the files again, or remove "incidents" from the resources.',
    });
  const paths = new Map(files.map((file) => [file.name, shown(file.path)]));
  const fileOf = (table: TableName) => paths.get(table) ?? manifest;
  const given = await readNotes(incidents, { displayPath, staged });
  const notes = Map.groupBy(given, ({ table }): TableName => table);
  const raw = await readTables(folder, [...files, ...ownFiles]);
  const placeOf = new Map<object, { readonly file: string; readonly row: number }>();
  /** The rows that imports brought. */
  const imported = new Set<object>();
  const unread = { tables: new Set(described.unread), ids: new Set<string>() };

  const isDated = declared.knownOn === 'date';
  const topics = declared.topics ?? [];
  const defaults: Defaults = {
    // With several topics the right one is unknown.
    topic: topics.length > 1 ? '' : (topics[0]?.name ?? 'general'),
    firstDay: isDated ? firstDayOf(raw.get('events')?.rows ?? []) : '',
    isDated,
    countryCode: await countryCodes(raw.get('places')?.rows ?? []),
  };
  const columns: { [table: string]: readonly Column[] } = {};
  const loadOwn = <S extends z.ZodObject>(table: TableName, schema: S): readonly z.output<S>[] => {
    const description = files.find((each) => each.name === table);
    const read = raw.get(table);
    if (description === undefined || read === undefined) return [];
    const file = fileOf(table);
    report(file, read.faults);
    const extra = read.columns.length === 0 ? [] : columnsBeside(description, read, { isDated });
    if ('problem' in extra) {
      report(file, [extra]);
      unread.tables.add(table);
      return [];
    }
    columns[table] = extra;
    const filled = read.rows.map(({ number, cells }) => ({ number, cells: fillIn(table, cells, defaults) }));
    const { rows, numbers, faults: wrong, ids } = parseRows(schema, filled, extra);
    report(file, wrong);
    rows.forEach((row, index) => placeOf.set(row, { file, row: numbers[index] ?? 0 }));
    const rejected = read.rejected.flatMap((text) => text.match(/[A-Z][A-Za-z0-9-]*/g) ?? []);
    for (const id of [...ids, ...rejected]) unread.ids.add(id);
    if (!read.readable || (rows.length === 0 && read.rows.length + read.rejected.length > 0))
      unread.tables.add(table);
    return rows;
  };
  const loadImported = <S extends z.ZodObject>(table: TableName, schema: S): readonly z.output<S>[] => {
    // The formats give countries as codes, and a note has no topic of its own.
    const filling = { ...defaults, topic: defaults.topic || 'all', countryCode: (code: string) => code };
    const beside = besideOwn(notes.get(table) ?? [], raw.get(table)?.rows ?? []);
    return beside.flatMap(({ number, cells, file }) => {
      const row = { number, cells: fillIn(table, cells, filling) };
      const { rows, faults: wrong, ids } = parseRows(schema, [row], columns[table]);
      report(file, wrong);
      for (const id of ids) unread.ids.add(id);
      for (const each of rows) {
        placeOf.set(each, { file, row: number });
        imported.add(each);
      }
      return rows;
    });
  };
  const tables = modelTables((table) => [
    ...loadOwn(table, schemas[table]),
    ...loadImported(table, schemas[table]),
  ]);
  const own: { [table: string]: OwnTables[string] } = {};
  for (const description of ownFiles) {
    const file = shown(description.path);
    const read = raw.get(description.name);
    if (read === undefined) continue;
    report(file, read.faults);
    const found = columnsBeside(description, read, { isDated });
    if ('problem' in found) {
      report(file, [found]);
      continue;
    }
    const { rows, faults: wrong } = parseOwnRows(read.rows, found);
    report(file, wrong);
    columns[description.name] = found;
    own[description.name] = rows;
  }
  // A format with notes may bring rows of each of these tables, also if it has none of some yet.
  const brought = notes.size > 0 ? noteTables : [];
  const present = new Set<TableName>([...files.map((file) => file.name), ...brought]);
  for (const { table, row, ...fault } of checkTables(tables, { unread, present, declared }))
    faults.push({ file: fileOf(table), ...placeOf.get(row), ...fault });
  const absent = tableNames.filter((table) => !present.has(table));
  const settings = settingsOf(declared, { tables, licence, absent, columns });
  const outlines = await readOutlines(folder, settings.maps);
  if ('problem' in outlines) report(shown(settings.maps.outlines?.file ?? ''), [outlines]);
  if ('problem' in outlines || faults.length > 0) throw new AppError('dataset-invalid', inOrder(faults));
  return {
    name,
    title,
    marking,
    folder: displayPath,
    settings,
    tables: ownFiles.length === 0 ? tables : { ...tables, own },
    imported,
    incidents,
    outlines,
  };
}

async function readManifest(folder: string, manifest: string): Promise<unknown> {
  const file = join(folder, 'datapackage.json');
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const line = /line (\d+)/.exec(message)?.[1];
    const place = { file: manifest, ...(line !== undefined && { line: Number(line) }) };
    const [problem, hint] =
      cause instanceof SyntaxError
        ? [`is not JSON: ${message}.`, 'Correct the JSON.']
        : ['cannot be read.', 'Put a readable datapackage.json into the dataset’s folder.'];
    throw new AppError('dataset-invalid', { ...place, problem, hint }, { cause });
  }
}

/** Sorts faults in reading order: the descriptor, then each table from the top. */
function inOrder(faults: readonly Fault[]): Fault[] {
  const files = [...new Set(faults.map(({ file }) => file))];
  return faults.toSorted(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || (a.row ?? 0) - (b.row ?? 0),
  );
}

/** A dataset's declared settings, with undeclared terms taken from its rows. */
function settingsOf(
  declared: DeclaredSettings,
  { tables, ...found }: { tables: Tables } & Pick<DatasetSettings, 'licence' | 'absent' | 'columns'>,
): DatasetSettings {
  const { refresh, sources } = declared;
  // The hash of an edition's inputs depends on the order of these.
  return {
    topics: declared.topics ?? termsOf(topicsIn(tables)),
    affiliations: declared.affiliations ?? termsOf(tables.actors.map(({ affiliation }) => affiliation)),
    sourceKinds: declared.sourceKinds ?? termsOf(tables.sources.map(({ kind }) => kind)),
    language: declared.language ?? null,
    licence: found.licence,
    maps: { outlines: declared.outlines ?? null, borders: declared.borders },
    absent: found.absent,
    attach: declared.attach ?? null,
    columns: found.columns,
    // Left out if not declared, so that editions of other datasets keep the hash of their inputs.
    ...(refresh && { refresh: { ...refresh, sources: sources.map(({ name }) => name) } }),
  };
}

/** Topics of facts come first; the judgment topic `all` is not a topic. */
const topicsIn = ({ coverage, events, measures, readings, judgments, gaps, indicators }: Tables): string[] =>
  [coverage, events, measures, readings, judgments, gaps, indicators].flatMap((rows) =>
    rows.flatMap(({ topic }) => (topic === 'all' ? [] : [topic])),
  );
