import type { z } from 'zod';
import { addToken, revokeToken } from './access.ts';
import { decide, type DecisionName } from './approvals.ts';
import {
  audited,
  type ChangeContext,
  find,
  type OperatorContext,
  refused,
  unknownEdition,
} from './context.ts';
import { openFile } from './files.ts';
import { listCorrectable, reissue } from './reissue.ts';
import { type EditionRequest, editionRequest, requestEdition, requireOver } from './request.ts';
import { prune, resend, type TransitionName, transitions } from './transitions.ts';
import {
  auditCursor,
  auditQuery,
  auditShown,
  deliveriesQuery,
  deliveryCursor,
  deliveryShown,
  editionCursor,
  editionShown,
  editionsQuery,
  openBriefViews,
  readCursor,
  visibilityOf,
  visibleBrief,
  wordsShown,
  writeCursor,
} from './visibility.ts';
import type { Day } from '../calendar.ts';
import { AppError } from '../errors.ts';
import type { AuditRecord, Caller, TokenRecord } from '../ledger/principal.ts';
import { revisionOf } from '../ledger/records.ts';
import type {
  Backfilled,
  DeliveryView,
  EditionDetail,
  EditionView,
  FileKind,
  Page,
  PruneRequest,
  TokenView,
} from '../ledger/views.ts';
import type { Brief } from '../project/brief.ts';
import { editionsBetween } from '../scheduler/scheduler.ts';

export type EditionService = ReturnType<typeof openEditionService>;

/**
 * All operations for the command line, the API and the pages. Each call names its caller. Data above the caller's
 * clearance are left out of lists and counts; a request for them by name throws `edition-unknown` or `brief-unknown`,
 * as if they did not exist. Callers with read access get `operation-forbidden` for changes, and see shortened
 * addresses. Every change is audited.
 */
export function openEditionService(context: OperatorContext) {
  const { ledger } = context;
  const visibleEdition = async (caller: Caller, id: string) => {
    const found = await ledger.edition(id, await visibilityOf(context, caller));
    if (found === undefined) throw unknownEdition(id);
    return found;
  };
  const shown = async (caller: Caller, id: string) => {
    const edition = await visibleEdition(caller, id);
    return editionShown(caller, edition, (await ledger.deliveryCounts([id])).get(id) ?? {});
  };
  const changing = (caller: Caller): ChangeContext => {
    if (caller.may === 'operate') return { ...context, who: caller.name };
    throw new AppError('operation-forbidden', {
      problem: `"${caller.name}" can only read.`,
      hint: 'Use a token that was added with --may operate.',
    });
  };
  const onThisMachine = (caller: Caller): ChangeContext => {
    if (caller.systemUser !== undefined) return changing(caller);
    throw new AppError('operation-forbidden', {
      problem: 'Only the command line on the machine of the service may do this.',
      hint: 'Run the command there.',
    });
  };
  const briefFor = async (caller: Caller, id: string): Promise<Brief> => {
    await visibleBrief(context, caller, id);
    return context.loadBrief(id);
  };

  return {
    ...openBriefViews(context),

    /** Sorted by period, then revision, the newest first. */
    async editions(caller: Caller, query: z.input<typeof editionsQuery>): Promise<Page<EditionView>> {
      const { limit, after, ...filter } = editionsQuery.parse(query);
      const visibility = await visibilityOf(context, caller);
      const asked = { ...filter, visibility, after: readCursor(editionCursor, after), limit: limit + 1 };
      const { items, next } = pageOf(await ledger.editions(asked), limit, (last) => [
        last.asOf,
        String(revisionOf(last)),
        last.id,
      ]);
      const deliveries = await ledger.deliveryCounts(items.map(({ id }) => id));
      return { items: items.map((each) => editionShown(caller, each, deliveries.get(each.id) ?? {})), next };
    },

    async edition(caller: Caller, id: string): Promise<EditionDetail> {
      const edition = await shown(caller, id);
      const runs = await ledger.runs({ edition: id });
      return {
        ...edition,
        runs: runs.map((run) => ({ ...run, reason: wordsShown(caller, run.reason) })),
        approvals: await ledger.approvals(id),
      };
    },

    /** The steps of the edition's runs, in order. */
    async steps(caller: Caller, id: string) {
      await visibleEdition(caller, id);
      return ledger.steps(id);
    },

    /** The path of a file of the edition; undefined if it has none of that kind. */
    async file(caller: Caller, id: string, kind: FileKind) {
      return openFile(await visibleEdition(caller, id), kind, context);
    },

    async deliveries(caller: Caller, query: z.input<typeof deliveriesQuery>): Promise<Page<DeliveryView>> {
      const { limit, after, ...filter } = deliveriesQuery.parse(query);
      const visibility = await visibilityOf(context, caller);
      const asked = { ...filter, visibility, after: readCursor(deliveryCursor, after), limit: limit + 1 };
      const { items, next } = pageOf(await ledger.deliveries(asked), limit, (last) => [
        last.createdAt.toISOString(),
        last.edition,
        last.id,
      ]);
      return { items: items.map((each) => deliveryShown(caller, each)), next };
    },

    /** Finds a delivery by its id or by the first six or more characters of the id. */
    async delivery(caller: Caller, id: string) {
      const found = await find(context, id, await visibilityOf(context, caller));
      if (!('delivery' in found)) throw unknownEdition(id, 'delivery');
      return deliveryShown(caller, found.delivery);
    },

    /** Number of editions and deliveries in each state. */
    async counts(caller: Caller) {
      const { editions, deliveries } = await ledger.counts({
        visibility: await visibilityOf(context, caller),
      });
      return { editions, deliveries };
    },

    /** The sources that the service refreshes; none for readers. */
    sources: async (caller: Caller) => (caller.may === 'operate' ? ledger.sourceStates() : []),

    async audit(caller: Caller, query: z.input<typeof auditQuery>): Promise<Page<AuditRecord>> {
      const { limit, after, ...filter } = auditQuery.parse(query);
      const visibility = await visibilityOf(context, caller, { ofAll: caller.may === 'read' });
      const asked = { ...filter, visibility, after: readCursor(auditCursor, after), limit: limit + 1 };
      const { items, next } = pageOf(await ledger.audit(asked), limit, ({ id }) => [String(id)]);
      return { items: items.map((each) => auditShown(caller, each)), next };
    },

    /** Requests an edition. An existing one stays as it is. Throws `parameter-invalid` and `queue-full`. */
    async request(caller: Caller, id: string, asked: EditionRequest) {
      // A brief above the clearance must be unknown even to callers who may not change anything.
      const brief = await briefFor(caller, id);
      const wanted = { brief, ...editionRequest.parse(asked) };
      const { id: edition, isNew } = await requestEdition(changing(caller), wanted);
      return { edition: await shown(caller, edition), isNew };
    },

    /**
     * Changes an edition or a delivery, by its id or a delivery id's prefix. Returns the ids of the changed editions and
     * deliveries.
     */
    async change(caller: Caller, name: TransitionName, id: string): Promise<string[]> {
      const found = await find(context, id, await visibilityOf(context, caller));
      const known = 'delivery' in found ? found.delivery.id : found.edition.id;
      return transitions[name](changing(caller), known);
    },

    /**
     * Approves or disapproves all of the editions or none. Refused if a PDF does not have the SHA-256 `sha256`. Only the
     * command line may give another name in `as`. Returns the ids of the changed editions and deliveries.
     */
    async decide(
      caller: Caller,
      name: DecisionName,
      { ids, sha256, as }: { ids: readonly string[]; sha256?: string | undefined; as?: string | undefined },
    ): Promise<string[]> {
      const visibility = await visibilityOf(context, caller);
      for (const id of ids) await find(context, id, visibility);
      const { systemUser } = caller;
      const approver =
        systemUser === undefined
          ? { user: caller.name, namedBy: 'server' as const, claimedName: null }
          : { user: systemUser, namedBy: 'system' as const, claimedName: as ?? null };
      return decide(changing(caller), name, { ids, sha256, ...approver });
    },

    /** Sends an edition again to one of its brief's targets. Returns the new delivery. */
    async resend(caller: Caller, id: string, to: string) {
      await visibleEdition(caller, id);
      const added = await resend(changing(caller), id, to);
      const [delivery] = await ledger.deliveries({ id: added });
      if (delivery === undefined) throw new Error(`The delivery ${added} is gone.`);
      return deliveryShown(caller, delivery);
    },

    // Only for the command line, whose caller has a `systemUser`. Others get `operation-forbidden`.

    /** Requests the next revision of a delivered edition, with corrections known by a day. */
    reissue: async (caller: Caller, id: string, asOf: Day | undefined) =>
      reissue(onThisMachine(caller), id, asOf),
    /** Delivered editions that contain rows corrected by a day, today by default. */
    correctable: async (caller: Caller, asOf: Day | undefined) =>
      listCorrectable(onThisMachine(caller), asOf),

    /**
     * Requests the editions of all of a brief's slots between two days, for all targets with `deliver`, otherwise for
     * folders. Returns all of them and marks the new ones.
     */
    async backfill(
      caller: Caller,
      id: string,
      { from, to, deliver }: { from: Day; to: Day; deliver: boolean },
    ): Promise<Backfilled> {
      const change = onThisMachine(caller);
      const brief = await briefFor(caller, id);
      const asked = editionsBetween(brief, { from, to, reach: deliver ? 'all' : 'folders' });
      const latest = asked.at(-1);
      if (latest) requireOver(brief, { asOf: latest.asOf, field: 'to', now: context.now() });
      const details = { brief: id, from, to, deliver };
      const added = await audited(change, { what: 'backfill', edition: null, details }, () =>
        ledger.request(asked, context.now()),
      );
      return { all: asked.map((each) => each.id), new: added };
    },

    /** Progress of a brief's editions between two days. */
    async progress(caller: Caller, brief: string, days: { from: Day; to: Day }) {
      onThisMachine(caller);
      return ledger.progress({ brief, ...days });
    },

    async tokens(caller: Caller): Promise<TokenView[]> {
      onThisMachine(caller);
      // Named one by one, so that what a record has besides can never leave.
      return (await ledger.tokens()).map(({ name, may, clearance, createdAt }) => ({
        name,
        may,
        clearance,
        createdAt,
      }));
    },
    /** The caller creates the token and passes only its hash. */
    addToken: async (caller: Caller, token: Omit<TokenRecord, 'createdAt'>) =>
      addToken(onThisMachine(caller), token),
    revokeToken: async (caller: Caller, name: string) => revokeToken(onThisMachine(caller), name),
    prune: async (caller: Caller, asked: PruneRequest) => prune(onThisMachine(caller), asked),

    /** A link that logs one browser in as this machine's operator. */
    async link(caller: Caller) {
      const link = onThisMachine(caller).newLink?.();
      if (link !== undefined) return link;
      throw refused('The process that uses the ledger serves no pages.', '"sitrep start" serves them.');
    },
  };
}

/** The first `most` entries found, with the cursor of the next page if there are more. */
function pageOf<T>(found: readonly T[], most: number, keys: (last: T) => string[]): Page<T> {
  const items = found.slice(0, most);
  const last = found.length > most ? items.at(-1) : undefined;
  return { items, next: last === undefined ? null : writeCursor(keys(last)) };
}
