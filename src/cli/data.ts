import { counted, inDigits, type Shell } from './context.ts';
import { progressLine } from './import.ts';
import type { IncidentCoverage } from '../dataset/incidents.ts';
import { AppError, describeFault, meantBy, withDocs } from '../errors.ts';
import { reportingLag } from '../findings/reporting-lag.ts';
import { compact, type CompactContext } from '../importers/compact.ts';
import { unreadFiles } from '../importers/unread-files.ts';
import { type RefreshContext, refreshDataset, type SourceOutcome } from '../refresh/refresh.ts';
import { dataStatus, type DataStatus } from '../refresh/status.ts';

export interface DataWorld extends RefreshContext, Pick<Shell, 'print' | 'warn' | 'fail' | 'progress'> {
  datasetNames(): Promise<string[]>;
  folderOf(name: string): string;
}

export type DataCommands = ReturnType<typeof dataCommands>;

/** The commands for datasets. Their names may have `data/` in front. */
export function dataCommands(world: DataWorld) {
  return {
    refresh: async (wanted: string | undefined): Promise<void> => {
      let sources = 0;
      await forEach(wanted, world, async (folder) => {
        for (const outcome of await refreshDataset(folder, world)) {
          sources += 1;
          const line = `${folder}, source ${outcome.source}: ${describeOutcome(outcome)}`;
          if (outcome.outcome !== 'failed') world.print(line);
          else {
            world.warn(line);
            world.fail();
          }
        }
      });
      if (sources === 0)
        world.print(withDocs('There are no sources: docs/data.md shows how a dataset declares them.'));
    },

    status: async (wanted: string | undefined, { json }: { readonly json: boolean }): Promise<void> => {
      const found: DataStatus[] = [];
      const warn = async (folder: string, inDataset: boolean): Promise<void> => {
        for (const fault of await unreadFiles(folder, { inDataset })) world.warn(describeFault(fault));
      };
      if (wanted === undefined) await warn('data', false);
      await forEach(wanted, world, async (folder) => {
        await warn(folder, true);
        found.push(await dataStatus(folder, { today: world.knownOn, measureLag: reportingLag }));
      });
      if (json) world.print(JSON.stringify(found, null, 2));
      else for (const line of found.flatMap(describeStatus)) world.print(line);
    },

    compact: async (dataset: string): Promise<void> => {
      const onStep: CompactContext['onStep'] = (step, share) => world.progress?.(progressLine(step, share));
      const { record, bytes } = await compact(dataset, { ...world, onStep }).finally(() =>
        world.progress?.(''),
      );
      if (record === null) {
        world.print(`${dataset}: no import since the last compaction, and nothing was written.`);
        return;
      }
      const { up_to: upTo, rows, files } = record;
      world.print(`${dataset}: compacted up to import ${upTo}.`);
      world.print(
        `  ${counted(rows, 'row')} in ${counted(files.length, 'file')}. Queries read ${size(bytes.after)} instead of ${size(bytes.before)}.`,
      );
      world.print(`  The imports stay as they were: ${size(bytes.imports)}.`);
    },
  };
}

/** Calls `act` with the folder of the dataset, or of each if none is named. One that cannot be read hinders no other. */
async function forEach(
  wanted: string | undefined,
  world: DataWorld,
  act: (folder: string) => Promise<void>,
): Promise<void> {
  const names = await world.datasetNames();
  const name = wanted?.replace(/^data\//, '').replace(/\/+$/, '');
  if (name !== undefined && !names.includes(name))
    throw new AppError('dataset-invalid', {
      problem: `there is no dataset "${name}".`,
      hint: meantBy(name, names),
    });
  for (const each of name === undefined ? names.toSorted() : [name])
    try {
      await act(world.folderOf(each));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      for (const fault of error.faults) world.warn(describeFault(fault));
      world.fail();
    }
}

const size = (bytes: number): string =>
  `${(bytes / 1e6).toLocaleString('en-GB', { maximumFractionDigits: 1, minimumFractionDigits: 1 })} MB`;

function describeOutcome({ outcome, record, counts, reason, faults = [] }: SourceOutcome): string {
  if (outcome === 'failed') return `failed (${reason}). ${faults.map(describeFault).join(' ')}`;
  if (counts === undefined || record === undefined) return 'unchanged.';
  const skipped = Object.values(counts.skipped).reduce((sum, each) => sum + each, 0);
  const parts = [
    ...changesOf(counts),
    `${inDigits(counts.unchanged)} unchanged`,
    `${inDigits(skipped)} skipped`,
  ];
  return `import ${record.number}: ${parts.join(', ')}.`;
}

const changesOf = ({ new: added, revised, withdrawn }: NonNullable<SourceOutcome['counts']>): string[] => [
  `${inDigits(added)} new`,
  `${inDigits(revised)} revised`,
  `${inDigits(withdrawn)} withdrawn`,
];

const BAR = 30;

function describeStatus(status: DataStatus): string[] {
  const { dataset, sources, incidents, imports, coverage, months, lag, lastImports } = status;
  const most = Math.max(1, ...months.map((each) => each.incidents));
  const width = Math.max(0, ...months.map((each) => inDigits(each.incidents).length));
  return [
    imports === 0
      ? `${dataset}: no incidents.`
      : `${dataset}: ${counted(incidents, 'incident')}, ${counted(imports, 'import')}.`,
    sources.length === 0 ? '  No sources that refresh.' : '  Sources:',
    ...sources.map((each) => `    ${describeSource(each)}`),
    ...(coverage.length === 0
      ? []
      : ['  Covered:', ...describeCoverage(coverage).map((line) => `    ${line}`)]),
    ...(months.length === 0 ? [] : ['  Incidents by month:']),
    ...months.map((each) => {
      const bar = '█'.repeat(Math.ceil((each.incidents / most) * BAR));
      return `    ${each.month}  ${inDigits(each.incidents).padStart(width)}  ${bar}`.trimEnd();
    }),
    ...(lag.length === 0 ? [] : ['  Reporting lag:']),
    ...lag.map(
      ({ publisher, declared, measured }) =>
        `    ${publisher}: ${declared === null ? 'none' : daysOf(declared)} declared, ${measured === null ? 'too few imports or incidents to measure one' : `${daysOf(measured)} measured`}.`,
    ),
    ...(lastImports.length === 0 ? [] : ['  Last imports:']),
    ...lastImports.map(
      ({ number, known_on: knownOn, source, feed, counts }) =>
        `    ${number}  ${knownOn}  ${feed ?? source}: ${changesOf(counts).join(', ')}.`,
    ),
  ];
}

const daysOf = (days: number): string => counted(days, 'day');
const ago = (days: number | null): string => (days === null || days <= 0 ? 'today' : `${daysOf(days)} ago`);

function describeSource(source: DataStatus['sources'][number]): string {
  const { name, checkedOn, checkedDaysAgo, import: number, importedOn, importedDaysAgo } = source;
  if (checkedOn === null) return `${name}: never fetched.`;
  const imported =
    number === null ? 'no import' : `last import ${number} on ${importedOn} (${ago(importedDaysAgo)})`;
  return `${name}: checked on ${checkedOn} (${ago(checkedDaysAgo)}), ${imported}.`;
}

/** One line for all countries with the same days. */
function describeCoverage(coverage: readonly IncidentCoverage[]): string[] {
  const spansOf = Map.groupBy(coverage, ({ country }) => country ?? '');
  const days = (spans: readonly IncidentCoverage[]): string =>
    spans.map(({ start, end }) => `${start} to ${end}`).join(', ');
  const byDays = Map.groupBy(spansOf, ([, spans]) => days(spans));
  return [...byDays].map(([text, alike]) => `${text}: ${alike.map(([country]) => country).join(', ')}`);
}
