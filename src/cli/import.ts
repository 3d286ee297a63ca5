import { basename, dirname, resolve } from 'node:path';
import { counted, inDigits, type Shell } from './context.ts';
import type { RowOf } from '../dataset/schema.ts';
import type { ImportFormat } from '../dataset/sources.ts';
import { AppError } from '../errors.ts';
import { matchActors, nearDuplicates, proposeActors } from '../importers/actors.ts';
import { namesOf, unknownCountries } from '../importers/places/countries.ts';
import { importerFor } from '../importers/formats.ts';
import {
  type ImportContext,
  importIncidents,
  type ImportReport,
  type RowGroup,
} from '../importers/import.ts';
import { suggestFor } from '../importers/table/suggest.ts';

export interface ImportWorld extends ImportContext, Pick<Shell, 'print' | 'progress'> {
  /** Null if the file cannot be read. */
  readText(file: string): Promise<string | null>;
  /** Writes a new file. Throws the system's error if it exists. */
  writeNew(file: string, text: string): Promise<void>;
  /** The rows of the table `actors` in a dataset's folder. Throws `dataset-invalid`. */
  actorsIn(folder: string): Promise<readonly RowOf<'actors'>[]>;
}

interface ImportOptions {
  readonly into?: string;
  readonly mapping?: string;
  readonly complete: boolean;
  readonly lag?: number;
  readonly actors?: string;
  readonly suggest: boolean;
}

export type ImportCommands = ReturnType<typeof importCommands>;

export function importCommands(world: ImportWorld) {
  return {
    import: async (
      format: ImportFormat,
      files: readonly string[],
      { into, mapping, complete, lag, actors, suggest }: ImportOptions,
    ): Promise<void> => {
      const wrong = (problem: string, hint: string): AppError =>
        new AppError('import-failed', { problem, hint });
      if (format !== 'table' && (mapping !== undefined || suggest))
        throw wrong(
          `--mapping and --suggest are for tables: the columns of ${format} are known.`,
          'Leave the option out, or import a table.',
        );
      const text = mapping === undefined ? undefined : await world.readText(mapping);
      if (text === null)
        throw new AppError('import-failed', {
          file: mapping,
          problem: 'cannot be read.',
          hint: 'Correct the path of the mapping.',
        });
      const { importer, options } = importerFor(
        format,
        mapping === undefined || text === undefined ? undefined : { file: mapping, text },
      );
      if (suggest) {
        world.print((await suggestFor(files[0] ?? '', options, world)).trimEnd());
        return;
      }
      if (into === undefined) throw wrong('No dataset is named.', 'Add --into data/NAME.');
      const folder = resolve(into);
      if (basename(dirname(folder)) !== 'data')
        throw wrong(
          `--into ${into} is no folder in data/, so no brief could use it.`,
          `Write --into data/${basename(folder) === 'data' ? 'NAME' : basename(folder)}.`,
        );
      const onStep: ImportContext['onStep'] = (step, share) => world.progress?.(progressLine(step, share));
      const report = await importIncidents(
        { importer, files, options, into, complete, lagDays: lag },
        { ...world, onStep },
      ).finally(() => world.progress?.(''));
      for (const line of describeReport(report, into)) world.print(line);
      await compareActors(world, { report, into, to: actors });
    },
  };
}

const WIDTH = 24;

export function progressLine(step: string, share: number | undefined): string {
  if (share === undefined) return step;
  const done = Math.round(share * WIDTH);
  return `${'█'.repeat(done)}${'░'.repeat(WIDTH - done)} ${Math.round(share * 100)} % ${step}`;
}

function describeReport(
  { record, isRepair, counts, notes, ...report }: ImportReport,
  into: string,
): string[] {
  const { read, new: added, revised, unchanged, withdrawn } = counts;
  const skipped = Object.values(counts.skipped).reduce((sum, count) => sum + count, 0);
  const { skipped: reasons, unreadable, far, firstDay, lastDay, countries } = report;
  const changes = `${inDigits(added)} new, ${inDigits(revised)} revised, ${inDigits(unchanged)} unchanged`;
  const named = `${countries.length === 1 ? '1 country' : `${countries.length} countries`}${countries.length === 0 ? '' : `: ${countries.join(', ')}`}`;
  const lines = [
    record === null
      ? `${into}: nothing has changed, and nothing was written.`
      : isRepair
        ? `${into}: import ${record.number} was damaged, and is restored.`
        : `${into}: import ${record.number}, known on ${record.known_on}.`,
    notes === undefined
      ? `  ${counted(read, 'row')} read: ${changes}, ${inDigits(skipped)} skipped. ${inDigits(withdrawn)} withdrawn.`
      : firstDay === null
        ? `  No incidents or sightings, only notes.${withdrawn === 0 ? '' : ` Incidents: ${inDigits(withdrawn)} withdrawn.`}`
        : `  ${added + revised + unchanged === 1 ? '1 incident or sighting' : `${inDigits(added + revised + unchanged)} incidents and sightings`}: ${changes}. ${inDigits(withdrawn)} withdrawn.`,
    ...describeNotes(notes),
    ...(firstDay === null ? [] : [`  ${firstDay} to ${lastDay}, ${named}.`]),
    ...reasons.map((group) => `  Skipped: ${inDigits(group.count)} × ${group.what} (${rowsOf(group)}).`),
    ...unreadable.map(
      (group) =>
        `  Kept in "extra" only: ${inDigits(group.count)} × a value of ${group.what} that does not fit (${rowsOf(group)}).`,
    ),
    ...far.map(
      (group) =>
        `  Far outside their country: ${counted(group.count, 'incident')} (${rowsOf(group)}). Check country, latitude and longitude.`,
    ),
  ];
  const unknown = unknownCountries(report.unknownCountries);
  if (unknown !== undefined) {
    const meant = [...unknown.meant].map(([name, country]) => `"${country}" for "${name}"`);
    lines.push(
      `  Countries not recognised: ${unknown.listed}. These incidents are of no country.${meant.length === 0 ? '' : ` Did you mean ${meant.join(', ')}?`}${record?.format === 'table' ? ' Translate the names in the mapping, under values, country.' : ''}`,
    );
  }
  return lines;
}

function describeNotes(notes: ImportReport['notes']): string[] {
  if (notes === undefined) return [];
  const { new: added, revised, unchanged, withdrawn } = notes.counts;
  const changed = Object.entries(notes.tables).map(([table, count]) => `${table} ${inDigits(count)}`);
  return [
    `  Notes: ${inDigits(added)} new, ${inDigits(revised)} revised, ${inDigits(unchanged)} unchanged, ${inDigits(withdrawn)} withdrawn${changed.length === 0 ? '' : ` (${changed.join(', ')})`}.`,
  ];
}

const rowsOf = ({ file, rows, count }: Omit<RowGroup, 'what'>): string =>
  rows.length === 0
    ? file
    : `${file}, row${count === 1 ? '' : 's'} ${rows.join(', ')}${count > rows.length ? ', …' : ''}`;

/** Reports which actors are known to the dataset, and writes the proposals. The dataset itself is not changed. */
async function compareActors(
  world: ImportWorld,
  { report, into, to }: { report: ImportReport; into: string; to: string | undefined },
): Promise<void> {
  const actors = await world.actorsIn(into);
  const matches = matchActors(report.actors, actors);
  if (report.firstDay === null && to === undefined) return;
  world.print(
    `  ${counted(report.actors.length, 'name')} of actors, ${inDigits(matches.matched.length)} in the table actors.` +
      (matches.others.length === 0 ? '' : ` Not there: ${namesOf(matches.others)}.`),
  );
  if (to === undefined) return;
  await world.writeNew(to, proposeActors(matches, actors, world.knownOn)).catch((cause: unknown) => {
    const problem = 'cannot be written, or exists already.';
    throw new AppError(
      'import-failed',
      { file: to, problem, hint: 'Name a new file. The incidents were imported.' },
      { cause },
    );
  });
  const near = nearDuplicates(matches, actors);
  world.print(`  Proposed rows for the table actors: ${to}. Read them before you use them.`);
  for (const { name, like } of near)
    world.print(`  Perhaps one actor: "${name}" and "${like}". If so, make one an alias of the other.`);
}
