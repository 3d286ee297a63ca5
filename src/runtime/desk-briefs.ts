import { AppError, type Fault } from '../model/fault.ts';
import { seesAll, type Caller } from '../model/caller.ts';
import { comingSlots } from '../model/slots.ts';
import { addressOf } from '../model/target.ts';
import type { BriefView } from '../model/view.ts';
import { lastDayOver } from './ask-for.ts';
import { addressShown, editionShown } from './desk-show.ts';
import { briefsSeen, sightOf, type Readable } from './desk-sight.ts';
import type { Desk } from './desk.ts';
import type { Sight } from './ledger.ts';
import type { Office } from './office.ts';

/** The briefs, as a caller sees them. */
export function deskBriefs(office: Office): Pick<Desk, 'briefs' | 'brief'> {
  const { ledger } = office;
  const view = async (caller: Caller, each: Readable, sight: Sight | undefined): Promise<BriefView> => {
    const [latest] = await ledger.editions({ brief: each.id, sight, limit: 1 });
    const deliveries = latest && (await ledger.deliveryCounts([latest.id])).get(latest.id);
    const { editions } = await ledger.counts({ brief: each.id, sight });
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
    const [next = null] = comingSlots(schedule, office.now(), 1);
    const faults = seesAll(caller) ? await datasetFaults(office, each.brief.config.dataset) : [];
    return { ...common, title, subject, marking, paper, schedule: { cron, timezone }, next, faults };
  };

  return {
    async briefs(caller) {
      const sight = await sightOf(office, caller);
      const seen = await briefsSeen(office, caller);
      return Promise.all(seen.map((each) => view(caller, each, sight)));
    },

    async brief(caller, id) {
      const seen = await briefsSeen(office, caller);
      const found = seen.find((each) => each.id === id);
      if (found === undefined)
        throw new AppError('brief-unknown', [
          {
            problem: `There is no brief "${id}".`,
            mend:
              seen.length === 0
                ? 'There are none.'
                : `The briefs are ${seen.map((each) => each.id).join(', ')}.`,
          },
        ]);
      const common = await view(caller, found, await sightOf(office, caller));
      if (!('brief' in found))
        return { ...common, parameters: {}, forEach: null, lastAsOf: null, targets: [] };
      const { parameters, forEach, deliver } = found.brief.config;
      return {
        ...common,
        parameters,
        forEach,
        lastAsOf: lastDayOver(found.brief, office.now()),
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

/** They may quote rows, so they are for callers who see all. */
const datasetFaults = (office: Office, name: string): Promise<Fault[]> =>
  office.loadDataset(name).then(
    () => [],
    (error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      return [...error.faults];
    },
  );
