import { z } from 'zod';
import { AppError, type Fault } from '../errors.ts';
import { type AuditRecord, type Caller, seesAll } from '../ledger/principal.ts';
import type { Counts, Sight } from '../ledger/types.ts';
import type {
  BriefDetail,
  BriefView,
  DeliveryView,
  EditionDetail,
  EditionView,
  FileKind,
  Page,
  StepRecord,
} from '../ledger/views.ts';
import { addressOf } from '../project/target.ts';
import { comingSlots } from '../scheduler/slots.ts';
import type { Office } from './context.ts';
import { type OpenFile, openFile } from './files.ts';
import { operations } from './operations.ts';
import { readDeliveryCursor, readEditionCursor, readNumber, writeCursor } from './pagination.ts';
import { lastDayOver, type Wish } from './request.ts';
import { addressShown, audited, deliveryShown, editionShown, wordsShown } from './show.ts';
import {
  auditWanted,
  briefsSeen,
  deliveriesWanted,
  editionsWanted,
  type Readable,
  sightOf,
} from './visibility.ts';

export const changes = ['retry', 'cancel', 'hold', 'release'] as const;
type Change = (typeof changes)[number];
export const decisions = ['approve', 'disapprove'] as const;
type Decision = (typeof decisions)[number];

/**
 * What the API and the pages ask. Each is told who asks: what is above the caller's clearance is not in any list or
 * count, and asked for by name it is `edition-unknown` or `brief-unknown` as if it did not exist. Whoever may only
 * read is refused a change with `operation-forbidden`, and sees addresses shortened. Every change goes on record.
 */
export interface Desk {
  briefs(caller: Caller): Promise<BriefView[]>;
  brief(caller: Caller, id: string): Promise<BriefDetail>;
  /** The newest period first, and of a period the newest revision. */
  editions(caller: Caller, wanted: z.input<typeof editionsWanted>): Promise<Page<EditionView>>;
  edition(caller: Caller, id: string): Promise<EditionDetail>;
  /** The steps of its runs, in order. */
  steps(caller: Caller, id: string): Promise<StepRecord[]>;
  /** Where a file of it lies; undefined when it has none of that kind. */
  file(caller: Caller, id: string, kind: FileKind): Promise<OpenFile | undefined>;
  deliveries(caller: Caller, wanted: z.input<typeof deliveriesWanted>): Promise<Page<DeliveryView>>;
  delivery(caller: Caller, id: string): Promise<DeliveryView>;
  /** How many editions and deliveries there are in each state. */
  counts(caller: Caller): Promise<Pick<Counts, 'editions' | 'deliveries'>>;
  audit(caller: Caller, wanted: z.input<typeof auditWanted>): Promise<Page<AuditRecord>>;

  /** Asks for an edition; one that exists stays as it is. Throws `parameter-invalid` and `queue-full`. */
  request(caller: Caller, brief: string, wish: Wish): Promise<{ edition: EditionView; isNew: boolean }>;
  /** Changes an edition, or one delivery: `id` is the whole id of either. Gives the ids of what it moved. */
  change(caller: Caller, name: Change, id: string): Promise<string[]>;
  /** Decides on what was looked at, and that has the SHA-256 `sha256`; refused when it is another by now. */
  decide(caller: Caller, decision: Decision, what: { id: string; sha256: string }): Promise<void>;
  /** Sends an edition again to one of the targets of its brief. Gives the delivery. */
  resend(caller: Caller, id: string, to: string): Promise<DeliveryView>;
}

export function openDesk(office: Office): Desk {
  const { ledger } = office;
  const editionSeen = async (caller: Caller, id: string, sight?: Sight) => {
    const found = await ledger.edition(id, sight ?? (await sightOf(office, caller)));
    if (found === undefined) throw absent('edition', id);
    return found;
  };
  const shown = async (caller: Caller, id: string) => {
    const edition = await editionSeen(caller, id);
    return editionShown(caller, edition, (await ledger.deliveryCounts([id])).get(id) ?? {});
  };
  const asCaller = (caller: Caller): Office => {
    if (caller.may === 'operate') return { ...office, who: caller.name };
    throw new AppError('operation-forbidden', [
      { problem: `"${caller.name}" may only read.`, mend: 'Ask for a token with --may operate.' },
    ]);
  };

  return {
    ...deskBriefs(office),

    async editions(caller, wanted) {
      const { limit: most, after: cursor, ...filter } = editionsWanted.parse(wanted);
      const sight = await sightOf(office, caller);
      const found = await ledger.editions({
        ...filter,
        after: readEditionCursor(cursor),
        sight,
        limit: most + 1,
      });
      const deliveries = await ledger.deliveryCounts(found.map(({ id }) => id));
      const items = found
        .slice(0, most)
        .map((each) => editionShown(caller, each, deliveries.get(each.id) ?? {}));
      return {
        items,
        next: nextOf(found, most, ({ asOf, correction, id }) => [
          asOf,
          String(correction?.revision ?? 1),
          id,
        ]),
      };
    },

    async edition(caller, id) {
      const edition = await shown(caller, id);
      const runs = await ledger.runs({ edition: id });
      return {
        ...edition,
        runs: runs.map((run) => ({ ...run, reason: wordsShown(caller, run.reason) })),
        approvals: await ledger.approvals(id),
      };
    },

    async steps(caller, id) {
      await editionSeen(caller, id);
      return ledger.steps(id);
    },

    async file(caller, id, kind) {
      return openFile(await editionSeen(caller, id), kind, office);
    },

    async deliveries(caller, wanted) {
      const { limit: most, after: cursor, ...filter } = deliveriesWanted.parse(wanted);
      const sight = await sightOf(office, caller);
      const found = await ledger.deliveries({
        ...filter,
        after: readDeliveryCursor(cursor),
        sight,
        limit: most + 1,
      });
      const items = found.slice(0, most).map((each) => deliveryShown(caller, each));
      const next = nextOf(found, most, ({ createdAt, edition, id }) => [
        createdAt.toISOString(),
        edition,
        id,
      ]);
      return { items, next };
    },

    async delivery(caller, id) {
      const [delivery] = await ledger.deliveries({ id, sight: await sightOf(office, caller) });
      if (delivery === undefined) throw absent('delivery', id);
      return deliveryShown(caller, delivery);
    },

    async counts(caller) {
      const { editions, deliveries } = await ledger.counts({ sight: await sightOf(office, caller) });
      return { editions, deliveries };
    },

    async audit(caller, wanted) {
      const { limit: most, after: cursor, edition } = auditWanted.parse(wanted);
      const sight = await sightOf(office, caller, { ofAll: caller.may === 'read' });
      const found = await ledger.audit({ edition, sight, after: readNumber(cursor), limit: most + 1 });
      const items = found.slice(0, most).map((each) => audited(caller, each));
      return { items, next: nextOf(found, most, ({ id }) => [String(id)]) };
    },

    async request(caller, brief, wish) {
      // What may not be seen is not there, also for those who may change nothing.
      await deskBriefs(office).brief(caller, brief);
      const answer = await operations.request.run(asCaller(caller), { brief, ...wish });
      const { id, isNew } = z.object({ id: z.string(), isNew: z.boolean() }).parse(answer);
      return { edition: await shown(caller, id), isNew };
    },

    async change(caller, name, id) {
      const sight = await sightOf(office, caller);
      const [delivery] = await ledger.deliveries({ id, sight });
      if (delivery === undefined) await editionSeen(caller, id, sight);
      return z.array(z.string()).parse(await operations[name].run(asCaller(caller), { id }));
    },

    async decide(caller, decision, { id, sha256 }) {
      await editionSeen(caller, id);
      const decided = { ids: [id], sha256, user: caller.name, namedBy: 'server', claimedName: null };
      await operations[decision].run(asCaller(caller), decided);
    },

    async resend(caller, id, to) {
      await editionSeen(caller, id);
      const [added = ''] = z
        .array(z.string())
        .parse(await operations.resend.run(asCaller(caller), { id, to }));
      const [delivery] = await ledger.deliveries({ id: added });
      if (delivery === undefined) throw new Error(`The delivery ${added} is gone.`);
      return deliveryShown(caller, delivery);
    },
  };
}

const absent = (what: 'edition' | 'delivery', id: string): AppError =>
  new AppError('edition-unknown', [
    { problem: `There is no ${what} "${id}".`, mend: 'The lists show what there is.' },
  ]);

/** Where the next part of a list begins, when more was found than fits. */
const nextOf = <T>(found: readonly T[], most: number, keys: (last: T) => string[]): string | null => {
  const last = found.length > most ? found[most - 1] : undefined;
  return last === undefined ? null : writeCursor(keys(last));
};

/** The briefs, as a caller sees them. */
function deskBriefs(office: Office): Pick<Desk, 'briefs' | 'brief'> {
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
