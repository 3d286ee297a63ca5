import { today } from '../calendar.ts';
import { damagedFiles, datedAhead } from '../dataset/reading/incident-store.ts';
import type { Dataset } from '../dataset/schema.ts';
import { AppError, causesOf, describeFault, type Fault, withoutRepeats } from '../errors.ts';
import { unreadFiles } from '../importers/unread-files.ts';
import { checkBrief, knownLater, unknownCaptions, unknownFindings } from '../production/check-brief.ts';
import { editionsAskedFor } from '../production/fan-out.ts';
import type { Repository } from '../production/open-edition.ts';
import { produce } from '../production/produce.ts';
import type { Brief } from '../project/brief.ts';
import { unknownDataset } from '../project/load.ts';
import type { Verdict } from '../rules/gate.ts';
import { counted, type Shell } from './context.ts';
import { idleWaivers } from '../rules/rules.ts';

export interface CheckWorld extends Repository, Omit<Shell, 'warn'> {
  /** Faults in a brief's targets under the current delivery settings. */
  targetFaults(brief: Brief): Fault[];
}

/** Faults in one brief or dataset. */
interface Found {
  readonly subject: string;
  readonly errors: Fault[];
  readonly warnings: Fault[];
}

/** Loads all datasets and briefs and generates every golden edition. Only errors make the command fail. */
export async function check(world: CheckWorld, { all }: { readonly all: boolean }): Promise<void> {
  const found = new Map<string, Found>();
  const on = (subject: string): Found => {
    const known = found.get(subject) ?? { subject, errors: [], warnings: [] };
    found.set(subject, known);
    return known;
  };
  const collect = async <T>(subject: string, work: Promise<T>): Promise<T | undefined> =>
    work.catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      on(subject).errors.push(...error.faults);
      on(subject).warnings.push(...error.warnings);
      return undefined;
    });

  const ids = await world.briefIds();
  const datasets = new Map<string, Dataset>();
  const names = await world.datasetNames();
  on('data').warnings.push(...(await unreadFiles('data', { inDataset: false })));
  for (const name of names) {
    const folder = `data/${name}`;
    const { errors, warnings } = on(folder);
    warnings.push(...(await unreadFiles(folder, { inDataset: true })));
    const dataset = await collect(folder, world.loadDataset(name));
    if (!dataset) continue;
    const damaged = await damagedFiles(dataset.incidents, folder, { isThorough: true });
    errors.push(...damaged.map(({ fault }) => fault));
    // Queries of its briefs would fail too, and not say why.
    if (damaged.length > 0) continue;
    datasets.set(name, dataset);
    warnings.push(...((await collect(folder, datedAhead(dataset.incidents, folder))) ?? []));
    // The zone in which a day begins first.
    warnings.push(...knownLater(dataset, today(world.now, 'Pacific/Kiritimati')));
  }
  const briefs: Brief[] = [];
  for (const id of ids) {
    const brief = await collect(id, world.loadBrief(id));
    if (brief) briefs.push(brief);
  }

  for (const brief of briefs) {
    const { id, config } = brief;
    world.signal.throwIfAborted();
    const { warnings = [] } =
      (await collect(id, checkBrief(brief, world.effects.openQueries, datasets.get(config.dataset)))) ?? {};
    on(id).warnings.push(...warnings);
    on(id).errors.push(...world.targetFaults(brief));
    if (!names.includes(config.dataset)) on(id).errors.push(...unknownDataset(brief, names).faults);
  }
  const material = await world.loadMaterial();
  let editions = 0;
  const verdicts = new Map<string, (Verdict | undefined)[]>();
  // Briefs share a database if they have a dataset and a day in common, and only the newest stays open.
  const goldens = briefs
    .flatMap((brief) => brief.config.golden.map((golden) => ({ brief, golden })))
    .toSorted((one, other) => one.golden.asOf.localeCompare(other.golden.asOf));
  for (const { brief, golden } of goldens) {
    const { id, config } = brief;
    const dataset = datasets.get(config.dataset);
    if (!dataset) continue;
    const given = { brief, dataset, asOf: golden.asOf, given: golden.parameters };
    for (const request of (await collect(id, editionsAskedFor(given, world.effects))) ?? []) {
      world.signal.throwIfAborted();
      const options = { signal: world.signal, elapsedMs: () => performance.now() };
      const edition = await collect(id, produce(request, world.effects, material, options));
      verdicts.set(id, [...(verdicts.get(id) ?? []), edition?.rules]);
      editions += 1;
    }
  }
  for (const brief of briefs) {
    const dataset = datasets.get(brief.config.dataset);
    if (!dataset) continue;
    const { warnings } = on(brief.id);
    const tried = verdicts.get(brief.id) ?? [];
    const passed = tried.filter((verdict) => verdict !== undefined);
    warnings.push(...passed.flatMap((verdict) => verdict.warnings));
    // Idle waivers are reported only if all editions succeeded, because a failed one may need them.
    if (passed.length === tried.length) warnings.push(...idleWaivers(brief, passed));
    warnings.push(...unknownCaptions(dataset, brief));
  }
  for (const [name, dataset] of datasets) {
    const users = briefs.filter(({ config }) => config.dataset === name);
    if (users.length > 0) on(`data/${name}`).warnings.push(...unknownFindings(dataset, users));
  }

  const counts = `${counted(datasets.size, 'dataset')}, ${counted(briefs.length, 'brief')} and ${counted(editions, 'edition')}`;
  for (const line of reportOf([...found.values()].map(eachOnce), { all, counts })) world.print(line);
  if ([...found.values()].some(({ errors }) => errors.length > 0)) world.fail();
}

/** Removes duplicates, because editions of a brief often share a fault. */
function eachOnce({ subject, errors, warnings }: Found): Found {
  const own = withoutRepeats(errors);
  return { subject, errors: own, warnings: withoutRepeats([...own, ...warnings]).slice(own.length) };
}

/** The usual size of a terminal, minus the last lines and the prompt. */
const SCREEN = { columns: 80, lines: 20 };
const LONGEST_LINE = 3 * SCREEN.columns;

/**
 * One line per cause, errors first, as many as fit on a screen; with `all`, one line per fault. The last line counts
 * the faults by brief and dataset.
 */
export function reportOf(
  found: readonly Found[],
  { all, counts }: { readonly all: boolean; readonly counts: string },
): string[] {
  const errors = found.flatMap((each) => each.errors);
  const warnings = found.flatMap((each) => each.warnings);
  if (errors.length + warnings.length === 0) return [`No faults in ${counts}.`];
  const linesOf = (level: string, faults: readonly Fault[]): string[] =>
    (all ? faults : causesOf(faults)).map((fault) => `${level}: ${describeFault(fault)}`);
  const lines = [...linesOf('error', errors), ...linesOf('warning', warnings)];
  const shown: string[] = [];
  let height = 0;
  for (const line of lines) {
    const cut = all || line.length <= LONGEST_LINE ? line : `${line.slice(0, LONGEST_LINE - 1)}…`;
    height += Math.ceil(cut.length / SCREEN.columns);
    if (!all && shown.length > 0 && height > SCREEN.lines) break;
    shown.push(cut);
  }
  const more = lines.length - shown.length;
  const totals = found.flatMap((each) => {
    const [own, other] = [numberOf(each.errors), numberOf(each.warnings)];
    if (own + other === 0) return [];
    const parts = [
      ...(own > 0 ? [counted(own, 'error')] : []),
      ...(other > 0 ? [counted(other, 'warning')] : []),
    ];
    return [{ total: own * 1e9 + other, text: `${each.subject} ${parts.join(', ')}` }];
  });
  const worst = totals.toSorted((a, b) => b.total - a.total).map(({ text }) => text);
  const listed = all ? worst : worst.slice(0, MOST_SUBJECTS);
  const others = worst.length - listed.length;
  return [
    ...shown,
    ...(more > 0 ? [`${counted(more, 'more cause')}: sitrep check --all`] : []),
    `${errors.length === 0 ? 'No errors' : 'Errors'} in ${counts}: ${listed.join('; ')}${others > 0 ? `; ${others} more` : ''}.`,
  ];
}
const MOST_SUBJECTS = 5;

const numberOf = (faults: readonly Fault[]): number => faults.reduce((sum, { count = 1 }) => sum + count, 0);
