import { AppError, type Fault } from '../errors.ts';
import { type Caller, seesAll } from '../ledger/principal.ts';
import type { Visibility } from '../ledger/types.ts';
import type { BriefDetail, BriefView } from '../ledger/views.ts';
import { addressOf } from '../project/target.ts';
import { comingSlots } from '../scheduler/slots.ts';
import type { OperatorContext } from './context.ts';
import { lastDayOver } from './request.ts';
import { addressShown, editionShown, type Readable, visibilityOf, visibleBriefs } from './visibility.ts';

export interface BriefViews {
  briefs(caller: Caller): Promise<BriefView[]>;
  brief(caller: Caller, id: string): Promise<BriefDetail>;
}

/** Briefs as a caller sees them. */
export function openBriefViews(context: OperatorContext): BriefViews {
  const { ledger } = context;
  const view = async (
    caller: Caller,
    each: Readable,
    visibility: Visibility | undefined,
  ): Promise<BriefView> => {
    const [latest] = await ledger.editions({ brief: each.id, visibility, limit: 1 });
    const deliveries = latest && (await ledger.deliveryCounts([latest.id])).get(latest.id);
    const { editions } = await ledger.counts({ brief: each.id, visibility });
    const common = {
      id: each.id,
      latest: latest ? editionShown(caller, latest, deliveries ?? {}) : null,
      editions,
    };
    if (!('brief' in each))
      return {
        ...common,
        title: each.id,
        subject: '',
        marking: null,
        paper: null,
        schedule: null,
        next: null,
        faults: [...each.faults],
      };
    const { title, subject, marking, paper, schedule } = each.brief.config;
    const { cron, timezone } = schedule;
    const [next = null] = comingSlots(schedule, context.now(), 1);
    const faults = seesAll(caller) ? await datasetFaults(context, each.brief.config.dataset) : [];
    return { ...common, title, subject, marking, paper, schedule: { cron, timezone }, next, faults };
  };

  return {
    async briefs(caller) {
      const visibility = await visibilityOf(context, caller);
      const seen = await visibleBriefs(context, caller);
      return Promise.all(seen.map((each) => view(caller, each, visibility)));
    },

    async brief(caller, id) {
      const seen = await visibleBriefs(context, caller);
      const found = seen.find((each) => each.id === id);
      if (found === undefined)
        throw new AppError('brief-unknown', [
          {
            problem: `There is no brief "${id}".`,
            hint:
              seen.length === 0
                ? 'There are none.'
                : `The briefs are ${seen.map((each) => each.id).join(', ')}.`,
          },
        ]);
      const common = await view(caller, found, await visibilityOf(context, caller));
      if (!('brief' in found))
        return { ...common, parameters: {}, forEach: null, lastAsOf: null, targets: [] };
      const { parameters, forEach, deliver } = found.brief.config;
      return {
        ...common,
        parameters,
        forEach,
        lastAsOf: lastDayOver(found.brief, context.now()),
        targets: deliver.map((target) => {
          const { channel, address } = addressOf(target);
          return {
            channel,
            address: addressShown(caller, { channel, address }),
            clearance: target.clearance,
          };
        }),
      };
    },
  };
}

/** Faults may quote rows, so they are only for callers with the highest clearance. */
const datasetFaults = (context: OperatorContext, name: string): Promise<Fault[]> =>
  context.loadDataset(name).then(
    () => [],
    (error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      return [...error.faults];
    },
  );
