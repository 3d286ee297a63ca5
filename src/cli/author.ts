import type { Shell } from './context.ts';
import type { PreviewOptions } from '../preview/server.ts';
import { type Day, type DayName, resolveDay, today } from '../calendar.ts';
import { reportedBy } from '../dataset/incidents.ts';
import type { Row, Value } from '../dataset/parse-rows.ts';
import type { Dataset } from '../dataset/schema.ts';
import { refused } from '../editions/context.ts';
import { alignColumns, ofFuture } from '../editions/format.ts';
import { AppError, collectIn, distinct, type Fault, meantBy } from '../errors.ts';
import {
  compareGoldens,
  type Difference,
  type DiffLine,
  type GoldenFolder,
  mayAccept,
  strayGoldens,
  unifiedDiff,
} from '../production/golden.ts';
import type { Repository } from '../production/open-edition.ts';
import type { Effects } from '../production/produce.ts';
import { runQuery, runStatement, withStatement } from '../production/run-query.ts';
import type { Brief } from '../project/brief.ts';
import { load, namedBriefs, throwAll } from '../project/load.ts';
import type { Scaffold, scaffoldOf } from '../project/scaffold.ts';
import { defaultAsOf } from '../render/coverage.ts';

type Style = 'red' | 'green' | 'cyan' | 'dim';
const styles: { readonly [kind in DiffLine['kind']]: Style } = {
  removed: 'red',
  added: 'green',
  heading: 'cyan',
  same: 'dim',
};

interface AuthorProject extends Omit<Repository, 'effects' | 'signal'> {
  readonly goldens: GoldenFolder;
  readonly scaffold: ReturnType<typeof scaffoldOf>;
}

export interface AuthorWorld extends AuthorProject, Pick<Effects, 'openQueries' | 'drawChart'>, Shell {
  /** Writes a project without a brief. Throws `operation-refused` if the folder is not empty. */
  startProject(
    folder: string,
  ): Promise<{ files: readonly string[]; project: AuthorProject; readonly undo: () => Promise<void> }>;
  /** Serves the preview until the signal aborts. `onReady` receives the address. */
  preview(options: PreviewOptions): Promise<void>;
  /** The environment variable that decides whether golden files may be accepted. */
  readonly acceptedIn: { readonly ci: string | undefined };
  paint(style: Style, text: string): string;
}

interface QueryOptions {
  readonly asOf?: DayName;
  readonly param: { readonly [name: string]: string };
  readonly json: boolean;
  readonly sql?: string;
  readonly dataset?: string;
}

export type AuthorCommands = ReturnType<typeof authorCommands>;

export function authorCommands(world: AuthorWorld) {
  return {
    preview: async (
      brief: string | undefined,
      { asOf, port }: { asOf?: DayName; port: number },
    ): Promise<void> => {
      if (brief !== undefined) await namedBriefs(world, [brief]);
      // UTC, because a preview may show briefs with different time zones.
      const utc = { timezone: 'UTC', now: world.now };
      for (const line of asOf === undefined ? [] : ofFuture(resolveDay(asOf, utc), utc)) world.warn(line);
      await world.preview({
        brief,
        asOf,
        port,
        now: world.now,
        signal: world.signal,
        onReady: (address) => {
          world.print(`Preview: ${address}`);
          world.print('The page updates when you save a file in templates/ or data/. Press Ctrl-C to stop.');
        },
      });
    },

    query: async (
      id: string | undefined,
      query: string | undefined,
      { asOf, param, json, sql, dataset: wanted }: QueryOptions,
    ): Promise<void> => {
      const { now } = world;
      const dayOf = (dataset: Dataset, timezone: string) =>
        asOf === undefined ? defaultAsOf(dataset, timezone, now).asOf : resolveDay(asOf, { timezone, now });
      const show = (rows: readonly Row[], day: Day) =>
        world.print(json ? JSON.stringify(rows, null, 2) : rowsAsTable(rows, day));
      if (id === undefined && sql !== undefined) {
        const dataset = await world.loadDataset(await datasetNamed(wanted, world));
        const day = dayOf(dataset, 'UTC');
        return show(await runStatement({ sql, dataset, asOf: day }, world), day);
      }
      if (id === undefined || (query === undefined) === (sql === undefined) || wanted !== undefined)
        throw refused(
          'It is not clear which query to run.',
          'Give a brief and the name of one of its queries; or a brief and --sql; or --sql and --dataset.',
        );
      const { loaded, errors } = await load(world, await namedBriefs(world, [id]));
      throwAll(errors);
      for (const { brief, dataset } of loaded) {
        const day = dayOf(dataset, brief.config.schedule.timezone);
        const asked = sql === undefined ? { brief, query: query ?? '' } : withStatement(brief, sql);
        show(await runQuery({ ...asked, dataset, asOf: day, given: param }, world), day);
      }
    },

    init: async (folder: string): Promise<void> => {
      const { files, project, undo } = await world.startProject(folder);
      try {
        const brief = await createBrief('weekly', 'example', { ...world, ...project });
        for (const file of [...files, ...brief.files]) world.print(`  ${file}`);
        world.print(`  ${project.goldens.path}/weekly/  the expected pages as of ${brief.asOf}`);
        world.print(`Next: cd ${folder}, then npm install, then npx sitrep generate.`);
      } catch (error) {
        await undo();
        throw error;
      }
    },

    create: async (
      id: string,
      { dataset: wanted, from }: { dataset?: string; from?: Scaffold },
    ): Promise<void> => {
      if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) || id.length > 60)
        throw refused(
          `"${id}" cannot be the name of a brief.`,
          'Use lower-case letters, digits and single hyphens, such as "border-incidents".',
        );
      const name = await datasetNamed(wanted, world);
      const { files, asOf } = await createBrief(id, name, { ...world, from });
      for (const file of files) world.print(`  ${file}`);
      world.print(`  ${world.goldens.path}/${id}/  the expected pages as of ${asOf}`);
      world.print(`Next: npx sitrep preview ${id}, then edit templates/${id}/brief.hbs.`);
    },

    test: async (names: readonly string[], { update }: { update: boolean }): Promise<void> => {
      if (update) mayAccept(world.acceptedIn);
      const ids = await namedBriefs(world, names);
      const { loaded, errors } = await load(world, ids);
      const golden = { ...world, material: await world.loadMaterial() };
      const accepted = await world.goldens.read();
      const strays = names.length > 0 ? [] : strayGoldens(accepted, ids);
      const found: { brief: Brief; differences: Difference[] }[] = [];
      for (const { brief, dataset } of loaded) {
        world.signal.throwIfAborted();
        const differences = await compareGoldens({ brief, dataset, accepted }, golden).catch(
          collectIn(errors),
        );
        if (differences) found.push({ brief, differences });
      }
      const differences = [...found.flatMap((each) => each.differences), ...strays];
      if (update) await world.goldens.accept(differences);
      else
        for (const each of differences)
          for (const { kind, text } of unifiedDiff({ ...each, file: `${world.goldens.path}/${each.path}` }))
            world.print(world.paint(styles[kind], text));
      for (const { brief, differences: own } of found) world.print(`  ${brief.id}: ${verdict(own, update)}`);
      if (strays.length > 0) world.print(`  without a brief: ${verdict(strays, update)}`);
      const faults = [
        ...distinct(errors),
        ...(update ? [] : differences.map((each) => faultOf(each, world.goldens.path))),
      ];
      if (faults.length > 0) throw new AppError(errors[0]?.code ?? 'golden-differs', faults);
    },
  };
}

/** Writes a brief and accepts its output as golden files. After a fault, it removes everything it wrote. */
async function createBrief(
  id: string,
  dataset: string,
  { from: wanted, ...world }: AuthorWorld & { readonly from?: Scaffold | undefined },
): Promise<{ files: readonly string[]; asOf: Day }> {
  const loaded = await world.loadDataset(dataset);
  const { absent } = loaded.settings;
  const from = wanted ?? (absent.includes('events') && !absent.includes('sources') ? 'reports' : 'brief');
  const last = defaultAsOf(loaded, 'UTC', world.now).asOf;
  // Without coverage, `asOf` would be today, when an old dataset shows nothing. The last day with news is more useful.
  const { coverage, events, sources } = loaded.tables;
  const newest = (from === 'reports' ? sources : events).map(({ known_on }) => known_on);
  const isOfIncidents = from === 'activity-watch';
  if (isOfIncidents && reportedBy(loaded.incidents) === null)
    throw refused(`The dataset ${dataset} has no incidents.`, 'Import some first: npx sitrep import --help.');
  const current = today(world.now, 'UTC');
  const reported = [reportedBy(loaded.incidents) ?? current, current].toSorted().slice(0, 1);
  const until = from === 'reports' ? current : last;
  const recent = isOfIncidents ? reported : coverage.length === 0 ? newest.filter((day) => day <= until) : [];
  const asOf = recent.toSorted().at(-1) ?? last;
  // The days of the lag are not compared, so the period is longer by them. Without a declared lag it is estimated.
  const lags = loaded.incidents.imports.flatMap(({ lag_days: lag }) => lag ?? []);
  const lag = Math.max(0, ...lags);
  const values = {
    NAME: id,
    TITLE: id.replaceAll('-', ' ').replace(/^./, (first) => first.toUpperCase()),
    DATASET: dataset,
    AS_OF: asOf,
    PERIOD: `P${7 + lag}D`,
    LAG: lags.length === 0 ? 'reports' : lag,
  };
  const files = await world.scaffold.write(id, values, from);
  try {
    const brief = await world.loadBrief(id);
    const golden = { ...world, material: await world.loadMaterial() };
    const accepted = await world.goldens.read();
    await world.goldens.accept(await compareGoldens({ brief, dataset: loaded, accepted }, golden));
  } catch (error) {
    await world.scaffold.remove(id);
    throw error;
  }
  return { files, asOf };
}

function verdict(differences: readonly Difference[], isUpdate: boolean): string {
  if (differences.length === 0) return 'as accepted';
  const isOne = differences.length === 1;
  const count = `${differences.length} ${isOne ? 'file' : 'files'}`;
  if (isUpdate) return `${count} accepted; review the changes before you commit them`;
  return `${count} ${isOne ? 'differs' : 'differ'}`;
}

function faultOf({ path, accepted, rendered }: Difference, folder: string): Fault {
  const [brief] = path.split('/');
  return {
    file: `${folder}/${path}`,
    problem:
      accepted === null
        ? 'It has not been accepted yet.'
        : rendered === null
          ? 'No golden edition produces it any more.'
          : 'It differs from the accepted file.',
    hint: `If that is right, run "npx sitrep test ${brief} --update" and commit it.`,
  };
}

/** In characters. Longer cells are cut, because a table of whole texts is unreadable. */
const WIDEST_CELL = 60;

function rowsAsTable(rows: readonly Row[], asOf: Day): string {
  const [first] = rows;
  const count = `${rows.length === 1 ? '1 row' : `${rows.length} rows`} as of ${asOf}`;
  if (first === undefined) return `${count}.`;
  const isCut = rows.some((row) => Object.values(row).some((value) => cellText(value).length > WIDEST_CELL));
  const cells = rows.map((row) =>
    Object.values(row).map((value) => {
      const text = cellText(value);
      return text.length > WIDEST_CELL ? `${text.slice(0, WIDEST_CELL - 1)}…` : text;
    }),
  );
  return `${alignColumns([Object.keys(first), ...cells])}\n${count}${isCut ? '; long values are cut short (--json prints them in full)' : ''}.`;
}

function cellText(value: Value): string {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value).replaceAll(/\s+/g, ' ');
  return Array.isArray(value) ? value.map(cellText).join(', ') : JSON.stringify(value);
}

async function datasetNamed(
  wanted: string | undefined,
  { datasetNames }: Pick<AuthorWorld, 'datasetNames'>,
): Promise<string> {
  const names = await datasetNames();
  const [first, ...others] = names;
  if (wanted !== undefined && !names.includes(wanted))
    throw refused(
      `There is no dataset "${wanted}" in data/.`,
      `${meantBy(wanted, names)} It comes after --dataset.`,
    );
  const name = wanted ?? first;
  if (name === undefined)
    throw refused('There is no dataset in data/.', 'Add one: docs/authoring.md, "Add data".');
  if (wanted === undefined && others.length > 0)
    throw refused(`There are ${names.length} datasets.`, `Choose with --dataset: ${names.join(', ')}.`);
  return name;
}
