import { backfill, type BackfillOptions } from './backfill.ts';
import { type CommandContext, listed, type Reached, type Where } from './context.ts';
import { slotsOf, slotsTable } from './greeting.ts';
import type { Day } from '../calendar.ts';
import type { Marking } from '../dataset/fields.ts';
import { hashOfToken, newToken } from '../editions/access.ts';
import type { DecisionName } from '../editions/approvals.ts';
import { refused } from '../editions/context.ts';
import {
  alignColumns,
  decisionsTable,
  receivedText,
  shownState,
  toMinute,
  toSecond,
} from '../editions/format.ts';
import type { TransitionName } from '../editions/transitions.ts';
import type { AuditRecord, Power } from '../ledger/principal.ts';
import type { DeliveryState, EditionState } from '../ledger/records.ts';
import type { Correctable, DeliveryView, EditionDetail, EditionView, Reissued } from '../ledger/views.ts';
import { readableBriefs, throwAll } from '../project/load.ts';

/** After these changes, there is nothing left to do. */
const ending: ReadonlySet<string> = new Set(['hold', 'cancel', 'disapprove']);
const notServed = 'No process is working on this ledger now: "sitrep start" continues the work.';

interface Filter<State> extends Where {
  readonly brief?: string;
  readonly state?: State;
  readonly edition?: string;
  readonly limit: number;
}

export function operatorCommands(context: CommandContext) {
  /** Asks the service, and prints the answer as JSON or as text. */
  const answer =
    <T>(ask: (reached: Reached) => Promise<T>, text: (found: T, reached: Reached) => string) =>
    ({ out, json }: Where): Promise<void> =>
      context.withLedger({ out, work: false }, async (reached) => {
        const found = await ask(reached);
        context.print(json ? JSON.stringify(found, null, 2) : text(found, reached));
      });

  /** Makes a change and prints the ids of what it changed. */
  const change = (name: string, ask: (reached: Reached) => Promise<string[]>) =>
    answer(ask, (moved, { isServed }) =>
      [
        ...moved.map((id) => `${name}: ${/^[0-9a-f]{32}$/.test(id) ? `delivery ${id.slice(0, 8)}` : id}`),
        ...(isServed || ending.has(name) ? [] : [notServed]),
      ].join('\n'),
    );

  return {
    runs: ({ edition, limit, out, json, ...filter }: Filter<EditionState>) =>
      answer<(EditionView | EditionDetail)[]>(
        async ({ service, caller }) =>
          edition === undefined
            ? listed(limit, (part) => service.editions(caller, { ...filter, ...part }))
            : [await service.edition(caller, edition)],
        editionsTable,
      )({ out, json }),

    deliveries: ({ limit, out, json, ...filter }: Filter<DeliveryState>) =>
      answer(
        ({ service, caller }) => listed(limit, (part) => service.deliveries(caller, { ...filter, ...part })),
        deliveriesTable,
      )({ out, json }),

    change: (name: TransitionName) => (id: string, where: Where) =>
      change(name, ({ service, caller }) => service.change(caller, name, id))(where),

    resend: (id: string, { to, ...where }: Where & { to: string }) =>
      change('resend', async ({ service, caller }) => [(await service.resend(caller, id, to)).id])(where),

    /** Decides in the name of the system user, who may claim another name. */
    decide:
      (name: DecisionName) =>
      (ids: readonly string[], { as, sha256, ...where }: Where & { as?: string; sha256?: string }) =>
        change(name, ({ service, caller }) => service.decide(caller, name, { ids, as, sha256 }))(where),

    /** Requests the next revision of an edition, or lists the editions with rows corrected since. */
    reissue: async (
      id: string | undefined,
      { asOf, list, ...where }: Where & { asOf?: Day; list: boolean },
    ) => {
      if (list === (id !== undefined))
        throw refused(
          'Give one edition to correct, or --list, not both or neither.',
          'Name one edition, or give --list.',
        );
      const ask =
        id === undefined
          ? answer(({ service, caller }) => service.correctable(caller, asOf), correctableList)
          : answer(({ service, caller }) => service.reissue(caller, id, asOf), revisionText);
      await ask(where);
    },

    backfill: (brief: string, options: BackfillOptions) => backfill(brief, options, context),

    next: async ({ count, json }: { count: number; json: boolean }) => {
      const { briefs, errors } = await readableBriefs(context);
      throwAll(errors);
      const slots = slotsOf(briefs, { now: context.now, count });
      context.print(json ? JSON.stringify(slots, null, 2) : slotsTable(slots));
    },

    prune: ({ editions, addresses, ...where }: Where & { editions?: number; addresses?: number }) => {
      const before = (days: number | undefined) =>
        days === undefined ? undefined : new Date(context.now.getTime() - days * 86_400_000);
      const asked = { editionsBefore: before(editions), addressesBefore: before(addresses) };
      return answer(
        ({ service, caller }) => service.prune(caller, asked),
        (pruned) =>
          [
            ...pruned.editions.map((id) => `removed: ${id}`),
            `${pruned.editions.length} editions removed, ${pruned.addresses} addresses forgotten.`,
          ].join('\n'),
      )(where);
    },

    addToken: (name: string, { may, clearance, ...where }: Where & { may: Power; clearance: Marking }) =>
      answer(
        async ({ service, caller }) => {
          // The token is only printed. The ledger gets its hash.
          const token = newToken();
          await service.addToken(caller, { name, sha256: hashOfToken(token), may, clearance });
          return { name, may, clearance, token };
        },
        ({ token }) => `${name} may ${may} up to ${clearance} with this token, shown only now:\n${token}`,
      )(where),

    tokens: answer(
      ({ service, caller }) => service.tokens(caller),
      (tokens) =>
        tokens.length === 0
          ? 'No tokens. "sitrep token add" creates one.'
          : alignColumns([
              ['NAME', 'MAY', 'CLEARANCE', 'SINCE (UTC)'],
              ...tokens.map((each) => [each.name, each.may, each.clearance, toSecond(each.createdAt)]),
            ]),
    ),

    revokeToken: (name: string, where: Where) =>
      answer(
        async ({ service, caller }) => {
          await service.revokeToken(caller, name);
          return [name];
        },
        () => `${name} no longer has access.`,
      )(where),

    audit: ({ limit, out, json, ...filter }: Where & { edition?: string; who?: string; limit: number }) =>
      answer(
        ({ service, caller }) => listed(limit, (part) => service.audit(caller, { ...filter, ...part })),
        auditTable,
      )({ out, json }),
  };
}
export type OperatorCommands = ReturnType<typeof operatorCommands>;

function editionsTable(editions: readonly (EditionView | EditionDetail)[]): string {
  if (editions.length === 0) return 'No editions. "sitrep backfill" generates those of past slots.';
  const table = alignColumns([
    ['EDITION', 'STATE', 'SLOT (UTC)', 'PAGES', 'DELIVERIES', 'REASON'],
    ...editions.map((each) => [
      each.id,
      shownState(each),
      each.slot === null ? each.origin : toMinute(each.slot),
      each.pages === null ? '' : String(each.pages),
      receivedText(each.recipients),
      firstLine(each.reason),
    ]),
  ]);
  return [table, ...editions.flatMap((each) => ('runs' in each ? detailsOf(each) : []))].join('\n');
}

function detailsOf({ runs, approvals, reason }: EditionDetail): string[] {
  const table = alignColumns([
    ['RUN', 'STARTED (UTC)', 'OUTCOME', 'REASON'],
    ...runs.map((run) => [String(run.number), toSecond(run.startedAt), run.outcome, firstLine(run.reason)]),
  ]);
  return [
    ...(runs.length > 0 && reason !== null ? ['', reason] : []),
    ...(runs.length > 0 ? ['', table] : []),
    ...(approvals.length > 0 ? ['', decisionsTable(approvals)] : []),
  ];
}

const firstLine = (reason: string | null): string => reason?.split('\n')[0] ?? '';

const deliveriesTable = (deliveries: readonly DeliveryView[]): string =>
  deliveries.length === 0
    ? 'No deliveries.'
    : alignColumns([
        ['DELIVERY', 'EDITION', 'WHAT', 'CHANNEL', 'TO', 'STATE', 'TRIED', 'REASON'],
        ...deliveries.map((each) => [
          each.id.slice(0, 8),
          each.edition,
          each.content,
          each.channel,
          each.address,
          each.state,
          String(each.attempt),
          each.reason ?? '',
        ]),
      ]);

const auditTable = (changes: readonly AuditRecord[]): string =>
  changes.length === 0
    ? 'No changes.'
    : alignColumns([
        ['AT (UTC)', 'WHO', 'WHAT', 'EDITION', 'OUTCOME', 'WITH'],
        ...changes.map(({ at, who, what, edition, outcome, details }) => [
          toSecond(at),
          who,
          what,
          edition ?? '',
          outcome,
          Object.entries(details)
            .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
            .join(' '),
        ]),
      ]);

function revisionText(
  { edition, replaces, asOf, changes, passedOver, recipients, forgotten }: Reissued,
  { isServed }: { isServed: boolean },
): string {
  return [
    `${edition} corrects ${replaces} as of ${asOf}, and goes to the ${recipients} that received an earlier revision:`,
    ...changes.map((change) => `  ${change}`),
    ...(passedOver.length > 0
      ? [`Not included, because these revisions rest on rows of later issues: ${passedOver.join(', ')}.`]
      : []),
    ...(forgotten > 0
      ? [
          `The addresses of ${forgotten} of them were forgotten: their deliveries are on hold, so you have to inform them yourself.`,
        ]
      : []),
    ...(isServed ? [] : [notServed]),
  ].join('\n');
}

const correctableList = (editions: readonly Correctable[]): string =>
  editions.length === 0
    ? 'No delivered edition rests on rows that were revised or withdrawn since.'
    : editions
        .flatMap(({ edition, changes, problem }) => [
          `${edition}${problem === null ? '' : `: ${problem}`}`,
          ...changes.map((change) => `  ${change}`),
        ])
        .join('\n');
