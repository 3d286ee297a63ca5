import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MatcherState } from 'vitest';
import { openChartProcess } from './charts/worker.ts';
import { AppError, describeFault } from './errors.ts';
import {
  compareGoldens,
  type Difference,
  type GoldenChoice,
  type GoldenFolder,
  mayAccept,
  unifiedDiff,
} from './production/golden.ts';
import { openQueries } from './query/database.ts';
import { shareQueries } from './query/shared-database.ts';
import { openProject, type Project } from './wiring/project.ts';

/** Selects which goldens of a project are compared; with only a brief's name, all of that brief. */
export interface BriefChoice extends GoldenChoice {
  /** The name of the brief's folder in `templates/`. */
  readonly brief: string;
  /** The folder with `templates/`, `data/` and `test/golden/`; the working folder by default. */
  readonly folder?: string;
}

declare module 'vitest' {
  interface Matchers<R, T> {
    /**
     * Renders a brief at its golden dates, or at the given date, and compares the result with `test/golden/`. Writes
     * goldens that do not exist yet and, with `vitest --update`, goldens that differ. Writes nothing under CI.
     */
    toMatchBrief(): Promise<void>;
  }
}

const sitrep = dirname(dirname(fileURLToPath(import.meta.url)));

/** For `expect.extend({ toMatchBrief })`. Faults in the brief fail the test, as differences do. */
export async function toMatchBrief(
  this: Pick<MatcherState, 'snapshotState' | 'isNot'>,
  choice: BriefChoice,
): Promise<{ pass: boolean; message: () => string }> {
  // oxlint-disable-next-line oxc/no-this-in-exported-function -- so vitest tells a matcher what it runs in
  const { isNot, snapshotState } = this;
  if (isNot) throw new Error('toMatchBrief cannot be negated: what a page must not be is no expectation.');
  const mode = snapshotState.snapshotUpdateState;
  try {
    const project = openProject(choice.folder ?? '.', { sitrep });
    const goldens = await project.goldens();
    const differences = await differencesOf({ project, goldens }, choice);
    const isNew = ({ accepted, rendered }: Difference) => accepted === null && rendered !== null;
    const accepting = mode === 'all' ? differences : mode === 'new' ? differences.filter(isNew) : [];
    if (accepting.length > 0) {
      if (mode === 'all') mayAccept({ ci: process.env['CI'] });
      await goldens.accept(accepting);
    }
    const left = differences.filter((each) => !accepting.includes(each));
    return {
      pass: left.length === 0,
      message: () => describeDifferences(left, { choice, folder: goldens.path }),
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { pass: false, message: () => error.faults.map(describeFault).join('\n') };
  }
}

async function differencesOf(
  { project, goldens }: { project: Project; goldens: GoldenFolder },
  choice: BriefChoice,
): Promise<Difference[]> {
  const brief = await project.loadBrief(choice.brief);
  const [dataset, material, accepted] = await Promise.all([
    project.loadDataset(brief.config.dataset),
    project.loadMaterial(),
    goldens.read(),
  ]);
  await using queries = shareQueries(openQueries);
  await using charts = openChartProcess();
  const world = { openQueries: queries.open, drawChart: charts.drawChart, material };
  return await compareGoldens({ brief, dataset, accepted, choice }, world);
}

function describeDifferences(
  differences: readonly Difference[],
  { choice: { brief }, folder }: { choice: BriefChoice; folder: string },
): string {
  const lines = differences.flatMap((each) => unifiedDiff({ ...each, file: `${folder}/${each.path}` }));
  return [
    `${brief} does not render to what was accepted in ${folder}/. If that is right, run vitest with --update, or "npx sitrep test ${brief} --update".`,
    ...lines.map(({ text }) => text),
  ].join('\n');
}
