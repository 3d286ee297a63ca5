import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { AppError, type Fault } from '../../errors.ts';
import { extraColumns, ownColumns } from './columns.ts';
import type { Column } from '../fields.ts';
import { type Defaults, fillIn, firstDayOf } from './fill-in.ts';
import { readIncidentStore } from './incident-store.ts';
import { besideOwn, type NoteTable, noteTables, readNotes } from './notes.ts';
import { readOutlines } from './outlines.ts';
import { parsePackage } from './package.ts';
import { parseOwnRows, parseRows, type RawRow } from '../parse-rows.ts';
import { type DatasetSettings, type DeclaredSettings, termsOf } from '../settings.ts';
import {
  type Dataset,
  type OwnRow,
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
  const {
    name,
    title,
    marking,
    licence,
    declared,
    files,
    own: ownFiles,
    incidents: incidentsFile,
    unread: misdescribed,
    faults: described,
  } = parsePackage(await readManifest(folder, manifest));
  const faults: Fault[] = described.map((fault) => ({ file: manifest, ...fault }));
  // Without a title there is no valid package, and checking its tables is pointless.
  if (name === '') throw new AppError('dataset-invalid', faults);

  const incidents = await readIncidentStore(folder, displayPath);
  if (incidentsFile !== undefined && incidents.imports.length === 0 && staged === undefined)
    faults.push({
      file: manifest.replace(/[^/]*$/, incidentsFile),
      problem: 'does not exist, although datapackage.json declares incidents.',
      hint: 'Restore the folder of incidents from a backup, import the files again, or remove "incidents" from the resources.',
    });
  const paths = new Map(files.map((file) => [file.name, manifest.replace(/[^/]*$/, file.path)]));
  const fileOf = (table: TableName) => paths.get(table) ?? manifest;
  const notes = Map.groupBy(await readNotes(incidents, { displayPath, staged }), ({ table }) => table);
  const raw = await readTables(folder, files);
  const numberOf = new Map<object, number>();
  /** The file of each row that an import brought. */
  const imported = new Map<object, string>();
  const unread = { tables: new Set<TableName>(misdescribed), ids: new Set<string>() };

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
    const file = files.find(({ name: of }) => of === table);
    const read = raw.get(table);
    if (file === undefined || read === undefined) return [];
    for (const fault of read.faults) faults.push({ file: fileOf(table), ...fault });
    const extra = read.columns.length === 0 ? [] : extraColumns(file, read, { isDated });
    if ('problem' in extra) {
      faults.push({ file: fileOf(table), ...extra });
      unread.tables.add(table);
      return [];
    }
    columns[table] = extra;
    const filled = read.rows.map(({ number, cells }) => ({ number, cells: fillIn(table, cells, defaults) }));
    const { rows, numbers, faults: wrong, ids } = parseRows(schema, filled, extra);
    for (const fault of wrong) faults.push({ file: fileOf(table), ...fault });
    rows.forEach((row, index) => numberOf.set(row, numbers[index] ?? 0));
    for (const id of ids) unread.ids.add(id);
    for (const text of read.rejected)
      for (const [id] of text.matchAll(/[A-Z][A-Za-z0-9-]*/g)) unread.ids.add(id);
    if (!read.readable || (rows.length === 0 && read.rows.length + read.rejected.length > 0))
      unread.tables.add(table);
    return rows;
  };
  /** The rows of the dataset's own table, and those that imports brought. */
  const load = <S extends z.ZodObject>(table: NoteTable, schema: S): readonly z.output<S>[] => {
    const own = loadOwn(table, schema);
    const beside = besideOwn(notes.get(table) ?? [], raw.get(table)?.rows ?? []);
    // The formats give countries as codes, and a note has no topic of its own.
    const given = { ...defaults, topic: defaults.topic || 'all', countryCode: (code: string) => code };
    const added = beside.flatMap(({ number, cells, file }) => {
      const row = { number, cells: fillIn(table, cells, given) };
      const { rows, faults: wrong } = parseRows(schema, [row], columns[table]);
      for (const fault of wrong) faults.push({ file, ...fault });
      if (wrong.length > 0) unread.ids.add(cells['id'] ?? '');
      for (const each of rows) {
        numberOf.set(each, number);
        imported.set(each, file);
      }
      return rows;
    });
    return [...own, ...added];
  };
  const tables: Tables = {
    sources: load('sources', schemas.sources),
    actors: load('actors', schemas.actors),
    places: load('places', schemas.places),
    coverage: loadOwn('coverage', schemas.coverage),
    events: loadOwn('events', schemas.events),
    measures: loadOwn('measures', schemas.measures),
    readings: loadOwn('readings', schemas.readings),
    judgments: load('judgments', schemas.judgments),
    gaps: loadOwn('gaps', schemas.gaps),
    indicators: loadOwn('indicators', schemas.indicators),
  };
  const own: { [table: string]: readonly OwnRow[] } = {};
  const ownRaw = await readTables(folder, ownFiles);
  for (const file of ownFiles) {
    const place = manifest.replace(/[^/]*$/, file.path);
    const read = ownRaw.get(file.name);
    if (read === undefined) continue;
    for (const fault of read.faults) faults.push({ file: place, ...fault });
    const declaredColumns = ownColumns(file, read);
    if ('problem' in declaredColumns) {
      faults.push({ file: place, ...declaredColumns });
      continue;
    }
    const { rows, faults: wrong } = parseOwnRows(read.rows, declaredColumns);
    for (const fault of wrong) faults.push({ file: place, ...fault });
    columns[file.name] = declaredColumns;
    own[file.name] = rows;
  }
  // A format with notes may bring rows of each of these tables, also if it has none of some yet.
  const brought = notes.size > 0 ? noteTables : [];
  const present = new Set<TableName>([...files.map((file) => file.name), ...brought]);
  for (const { table, row, ...fault } of checkTables(tables, { unread, present, declared })) {
    const number = row === undefined ? undefined : numberOf.get(row);
    const file = (row && imported.get(row)) ?? fileOf(table);
    faults.push({ file, ...(number === undefined ? {} : { row: number }), ...fault });
  }
  const settings = settingsOf(declared, {
    tables,
    licence,
    absent: tableNames.filter((table) => !present.has(table)),
    columns,
  });
  const outlines = await readOutlines(folder, settings.maps);
  if ('problem' in outlines)
    faults.push({ file: manifest.replace(/[^/]*$/, settings.maps.outlines?.file ?? ''), ...outlines });
  if ('problem' in outlines || faults.length > 0) throw new AppError('dataset-invalid', inOrder(faults));
  return {
    name,
    title,
    marking,
    folder: displayPath,
    settings,
    tables: ownFiles.length === 0 ? tables : { ...tables, own },
    imported: new Set(imported.keys()),
    incidents,
    outlines,
  };
}

/** Looks up country names only if there are any, because the list is slow to load. */
async function countryCodes(places: readonly RawRow[]): Promise<Defaults['countryCode']> {
  if (places.every(({ cells }) => /^([A-Z]{2})?$/.test(cells['country'] ?? ''))) return (given) => given;
  const { countryCode } = await import('./countries.ts');
  return countryCode;
}

async function readManifest(folder: string, manifest: string): Promise<unknown> {
  const file = join(folder, 'datapackage.json');
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const line = /line (\d+)/.exec(message)?.[1];
    const fault =
      cause instanceof SyntaxError
        ? { problem: `is not JSON: ${message}.`, hint: 'Correct the JSON.' }
        : {
            problem: 'cannot be read.',
            hint: 'Put a readable datapackage.json into the dataset’s folder.',
          };
    throw new AppError(
      'dataset-invalid',
      [{ file: manifest, ...(line === undefined ? {} : { line: Number(line) }), ...fault }],
      { cause },
    );
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
const settingsOf = (
  {
    topics,
    affiliations,
    sourceKinds,
    language,
    outlines,
    borders,
    attach,
    sources,
    refresh,
  }: DeclaredSettings,
  {
    tables,
    licence,
    absent,
    columns,
  }: { tables: Tables } & Pick<DatasetSettings, 'licence' | 'absent' | 'columns'>,
): DatasetSettings => ({
  topics: topics ?? termsOf(topicsIn(tables)),
  affiliations: affiliations ?? termsOf(tables.actors.map(({ affiliation }) => affiliation)),
  sourceKinds: sourceKinds ?? termsOf(tables.sources.map(({ kind }) => kind)),
  language: language ?? null,
  licence,
  maps: { outlines: outlines ?? null, borders },
  absent,
  attach: attach ?? null,
  columns,
  // Left out if not declared, so that editions of other datasets keep the hash of their inputs.
  ...(refresh && { refresh: { ...refresh, sources: sources.map(({ name }) => name) } }),
});

/** Topics of facts come first; the judgment topic `all` is not a topic. */
const topicsIn = ({ coverage, events, measures, readings, judgments, gaps, indicators }: Tables): string[] =>
  [coverage, events, measures, readings, judgments, gaps, indicators].flatMap((rows) =>
    rows.flatMap(({ topic }) => (topic === 'all' ? [] : [topic])),
  );
