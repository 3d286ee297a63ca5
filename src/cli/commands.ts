import { type DayName, resolveDay } from '../calendar.ts';
import { alignColumns, localTime, ofFuture, utcTime } from '../editions/format.ts';
import { causesOf, collectIn, describeFault } from '../errors.ts';
import { editionsAskedFor } from '../production/fan-out.ts';
import { generate, type Outcome, type Store } from '../production/generate.ts';
import type { Format, Paper } from '../project/brief.ts';
import { load, namedBriefs, readableBriefs, throwAll } from '../project/load.ts';
import { defaultAsOf } from '../render/coverage.ts';
import type { Step } from '../render/edition.ts';
import { comingSlots, type Slot } from '../scheduler/slots.ts';
import { check, type CheckWorld } from './check.ts';
import type { Shell } from './context.ts';

const slotsShown = 3;

export interface Surroundings extends CheckWorld, Shell {
  readonly engine: string;
  readonly store: Store;
}

const stepWords: { readonly [step in Step]: string } = {
  select: 'selecting rows',
  analyse: 'computing findings',
  chart: 'drawing charts',
  compose: 'composing the page',
  gate: 'checking the page',
  print: 'printing the PDF',
  seal: 'sealing the PDF',
  inspect: 'checking the PDF',
  store: 'storing the files',
};

interface GenerateOptions {
  readonly asOf?: DayName;
  readonly out: string;
  readonly format: readonly Format[];
  readonly paper?: Paper;
  readonly param: { readonly [name: string]: string };
  readonly force: boolean;
}

export type Commands = ReturnType<typeof commands>;

export function commands(world: Surroundings) {
  return {
    generate: async (
      names: readonly string[],
      { asOf, out, format, paper, param, force }: GenerateOptions,
    ): Promise<void> => {
      const { loaded, errors } = await load(world, await namedBriefs(world, names));
      const asked = loaded.map(({ brief, dataset }) => {
        const { timezone } = brief.config.schedule;
        const day =
          asOf === undefined
            ? defaultAsOf(dataset, timezone, world.now)
            : { asOf: resolveDay(asOf, { timezone, now: world.now }), why: undefined };
        return { brief, dataset, paper, given: param, ...day };
      });
      const fannedOut = asked.map(async (each) => {
        const requests = (await editionsAskedFor(each, world.effects).catch(collectIn(errors))) ?? null;
        return requests && { ...each, requests };
      });
      const editions = (await Promise.all(fannedOut)).filter((each) => each !== null);
      const days = editions.map((each) => `As of ${[each.asOf, each.why ?? []].flat().join(', ')}.`);
      const warnings = editions.flatMap(({ asOf: day, brief }) =>
        ofFuture(day, { timezone: brief.config.schedule.timezone, now: world.now }),
      );
      for (const line of new Set(warnings)) world.warn(line);
      for (const line of new Set(days)) world.print(line);
      for (const { brief, requests } of editions)
        if (requests.length === 0)
          world.print(
            `  ${brief.id}: nothing to issue, because its query ${brief.config.forEach} returns no rows`,
          );
      const requests = editions.flatMap((each) => each.requests);
      // Loading the fonts would be wasted if there is nothing to generate.
      if (requests.length === 0) return throwAll(errors);
      const outcomes = await generate(
        { requests, out, formats: format, force, engine: world.engine },
        {
          effects: world.effects,
          material: await world.loadMaterial(),
          store: world.store,
          signal: world.signal,
          reports: {
            elapsedMs: () => performance.now(),
            onStep: (edition, step) => world.print(`  ${edition}: ${stepWords[step]}`),
          },
        },
      ).catch(collectIn(errors));
      for (const fault of causesOf((outcomes ?? []).flatMap(({ manifest }) => manifest.rules.warnings)))
        world.warn(`warning: ${describeFault(fault)}`);
      if (outcomes !== undefined && outcomes.length > 0) world.print(summary(outcomes));
      throwAll(errors);
    },

    list: async (): Promise<void> => {
      const { briefs, errors } = await readableBriefs(world);
      const rows = briefs.map(({ id, config: { title, schedule, forEach, parameters } }) => {
        const [next, ...later] = comingSlots(schedule, world.now, slotsShown);
        const editions = forEach === null ? '' : ` (one for each ${Object.keys(parameters).join(', ')})`;
        const times = (slot?: Slot) => [localTime(slot?.at, schedule.timezone), utcTime(slot?.at)];
        return [
          [id, `${title}${editions}`, schedule.cron, schedule.timezone, ...times(next)],
          ...later.map((slot) => ['', '', '', '', ...times(slot)]),
        ];
      });
      world.print(
        alignColumns([['BRIEF', 'TITLE', 'SCHEDULE', 'TIME ZONE', 'NEXT SLOTS', 'IN UTC'], ...rows.flat()]),
      );
      throwAll(errors);
    },

    check: (options: { readonly all: boolean }) => check(world, options),
  };
}

function summary(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ folder, manifest, tookMs }) =>
    manifest.files.map(({ name }) => [
      `${folder}/${name}`,
      name.endsWith('.pdf') && manifest.pages !== null
        ? `${manifest.pages} ${manifest.pages === 1 ? 'page' : 'pages'}`
        : '',
      tookMs === null ? 'unchanged, not rendered again (--force does)' : `${(tookMs / 1000).toFixed(1)} s`,
    ]),
  );
  return alignColumns(rows);
}
