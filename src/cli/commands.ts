import { Cron } from 'croner';
import { resolveDay } from '../calendar.ts';
import type { Dataset } from '../dataset/schema.ts';
import { alignColumns, localTime, ofFuture, utcTime } from '../editions/format.ts';
import { AppError, distinct, type Fault } from '../errors.ts';
import { checkBrief, unknownCaptions, unknownFindings } from '../production/check-brief.ts';
import { editionsAskedFor } from '../production/fan-out.ts';
import { generate, type Outcome, type Store } from '../production/generate.ts';
import { type Effects, produce } from '../production/produce.ts';
import type { Brief } from '../project/brief.ts';
import {
  type Catalogue,
  load,
  namedBriefs,
  readableBriefs,
  throwAll,
  unknownDataset,
} from '../project/load.ts';
import { defaultAsOf } from '../render/coverage.ts';
import type { Material } from '../render/edition.ts';
import { idleWaivers } from '../rules/gate.ts';
import type { Verdict } from '../rules/rule.ts';
import type { Commands } from './program.ts';

/** How many coming slots of each brief `list` shows. */
const slotsShown = 3;

/** What the commands need of the world. */
export interface Surroundings extends Catalogue {
  /** What is wrong with the targets of a brief as the settings of delivery are. */
  targetFaults(brief: Brief): Fault[];
  readonly now: Date;
  readonly engine: string;
  loadMaterial(): Promise<Material>;
  readonly effects: Effects;
  readonly store: Store;
  /** Aborted when the program is told to stop. */
  readonly signal: AbortSignal;
  elapsedMs(): number;
  /** A line for people, on standard output. */
  print(line: string): void;
  /** A line for people, on standard error. */
  warn(line: string): void;
}

export function commands(world: Surroundings): Commands {
  return {
    async generate(names, { asOf, out, format, paper, param, force }) {
      const { loaded, errors } = await load(world, await namedBriefs(world, names));
      const asked = loaded.map(({ brief, dataset }) => {
        const { timezone } = brief.config.schedule;
        const day =
          asOf === undefined
            ? defaultAsOf(dataset, timezone, world.now)
            : { asOf: resolveDay(asOf, { timezone, now: world.now }), why: undefined };
        return { brief, dataset, paper: paper ?? brief.config.paper, given: param, ...day };
      });
      const fannedOut = asked.map(async (each) => {
        const found = (await editionsAskedFor(each, world.effects).catch(collectIn(errors))) ?? null;
        return found && { ...each, requests: found.map((parameters) => ({ ...each, parameters })) };
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
          world.print(`  ${brief.id}: nothing to issue, its query ${brief.config.forEach} gives no row`);
      const requests = editions.flatMap((each) => each.requests);
      // Loading the fonts is for nothing where no brief can be made.
      if (requests.length === 0) return throwAll(errors);
      const outcomes = await generate(
        { requests, out, formats: format, force, engine: world.engine },
        {
          effects: world.effects,
          material: await world.loadMaterial(),
          store: world.store,
          signal: world.signal,
          reports: {
            elapsedMs: () => world.elapsedMs(),
            onStep: (edition, step) => world.print(`  ${edition}: ${step}`),
          },
        },
      ).catch(collectIn(errors));
      if (outcomes !== undefined && outcomes.length > 0) world.print(summary(outcomes));
      throwAll(errors);
    },

    async list() {
      const { briefs, errors } = await readableBriefs(world);
      const rows = briefs.map(({ id, config: { title, schedule, forEach, parameters } }) => {
        const [next, ...later] = new Cron(schedule.cron, {
          timezone: schedule.timezone,
          paused: true,
        }).nextRuns(slotsShown, world.now);
        const editions = forEach === null ? '' : ` (one for each ${Object.keys(parameters).join(', ')})`;
        const times = (slot: Date | undefined) => [localTime(slot, schedule.timezone), utcTime(slot)];
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

    async check() {
      const { briefs, errors } = await readableBriefs(world);
      const collect = async <T>(work: Promise<T>): Promise<T | undefined> =>
        work.catch((error: unknown) => {
          if (!(error instanceof AppError)) throw error;
          errors.push(error);
          return undefined;
        });
      const datasets = new Map<string, Dataset>();
      const names = await world.datasetNames();
      for (const name of names) {
        const dataset = await collect(world.loadDataset(name));
        if (dataset) datasets.set(name, dataset);
      }
      const material = await world.loadMaterial();
      let editions = 0;
      for (const brief of briefs) {
        world.signal.throwIfAborted();
        const targets = world.targetFaults(brief);
        if (targets.length > 0) errors.push(new AppError('brief-invalid', targets));
        const dataset = datasets.get(brief.config.dataset);
        await collect(checkBrief(brief, world.effects.openQueries, dataset));
        if (!names.includes(brief.config.dataset)) errors.push(unknownDataset(brief));
        if (!dataset) continue;
        const { golden, paper } = brief.config;
        const verdicts: Verdict[] = [];
        const before = editions;
        for (const { asOf, parameters: given = {} } of golden) {
          const found = await collect(editionsAskedFor({ brief, dataset, asOf, given }, world.effects));
          for (const parameters of found ?? []) {
            world.signal.throwIfAborted();
            const request = { brief, dataset, asOf, paper, parameters };
            const edition = await collect(
              produce(request, world.effects, material, {
                signal: world.signal,
                elapsedMs: () => world.elapsedMs(),
              }),
            );
            if (edition) verdicts.push(edition.rules);
            editions += 1;
          }
        }
        const idle = verdicts.length === editions - before ? idleWaivers(brief, verdicts) : [];
        if (idle.length > 0) errors.push(new AppError('brief-invalid', idle));
      }
      const [first] = errors;
      if (first !== undefined) throw new AppError(first.code, distinct(errors), { cause: first });
      world.print(
        `No faults in ${counted(datasets.size, 'dataset')}, ${counted(briefs.length, 'brief')} and ${counted(editions, 'edition')}.`,
      );
      for (const [name, dataset] of datasets) {
        const users = briefs.filter(({ config }) => config.dataset === name);
        if (users.length === 0) continue;
        for (const [finding, rows] of unknownFindings(dataset, users))
          world.print(
            `Note: no brief on data/${name} computes the finding "${finding}". Every brief leaves out what names it: ${rows.join(', ')}.`,
          );
        for (const brief of users)
          for (const caption of unknownCaptions(dataset, brief))
            world.print(
              `Note: ${brief.definition.file} names the caption "${caption}", but data/${name} has no judgment with this id and the role "caption". The chart does without it.`,
            );
      }
    },
  };
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Keeps an error that a user can act on for later. */
const collectIn =
  (errors: AppError[]) =>
  (error: unknown): undefined => {
    if (!(error instanceof AppError)) throw error;
    errors.push(error);
  };

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
