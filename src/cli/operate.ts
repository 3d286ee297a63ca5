import { z } from 'zod';
import { backfill, type BackfillOptions } from './backfill.ts';
import { type CommandContext, listed, type Reached, type Where } from './context.ts';
import { slotsOf, slotsTable } from './greeting.ts';
import type { Day } from '../calendar.ts';
import type { Marking } from '../dataset/fields.ts';
import { hashOfToken, newToken } from '../editions/access.ts';
import type { DecisionName } from '../editions/approvals.ts';
import {
  alignColumns,
  decisionsTable,
  receivedText,
  shownState,
  toMinute,
  toSecond,
} from '../editions/format.ts';
import type { TransitionName } from '../editions/transitions.ts';
import { AppError } from '../errors.ts';
import type { AuditRecord, Power } from '../ledger/principal.ts';
import { deliveryStates, editionStates } from '../ledger/records.ts';
import type { Correctable, DeliveryView, EditionDetail, EditionView, Reissued } from '../ledger/views.ts';
import { readableBriefs, throwAll } from '../project/load.ts';

/** After these changes, there is nothing left to do. */
const ending: ReadonlySet<string> = new Set(['hold', 'cancel', 'disapprove']);
const notServed = 'No process is working on this ledger now: "sitrep start" continues the work.';

export interface Filter {
  readonly brief?: string | undefined;
  readonly state?: string | undefined;
  readonly edition?: string | undefined;
  readonly limit: number;
}

/** The commands that read the ledger and change it. */
export function operatorCommands(context: CommandContext) {
  /** Asks the service, and prints the answer as JSON or as text. */
  const answer = <T>(
    { out, json }: Where,
    { ask, text }: { ask: (reached: Reached) => Promise<T>; text: (found: T, reached: Reached) => string },
  ): Promise<void> =>
    context.withLedger({ out, work: false }, async (reached) => {
      const found = await ask(reached);
      context.print(json ? JSON.stringify(found, null, 2) : text(found, reached));
    });

  /** Makes a change and prints the ids of what it changed. */
  const change = (name: string, where: Where, ask: (reached: Reached) => Promise<string[]>) =>
    answer(where, {
      ask,
      text: (moved, { isServed }) =>
        [
          ...moved.map((id) => `${name}: ${/^[0-9a-f]{32}$/.test(id) ? `delivery ${id.slice(0, 8)}` : id}`),
          ...(isServed || ending.has(name) ? [] : [notServed]),
        ].join('\n'),
    });

  return {
    async runs({ edition, state, limit, ...filter }: Filter, where: Where) {
      const query = { ...filter, state: z.enum(editionStates).optional().parse(state) };
      await answer<(EditionView | EditionDetail)[]>(where, {
        ask: async ({ service, caller }) =>
          edition === undefined
            ? listed(limit, (part) => service.editions(caller, { ...query, ...part }))
            : [await service.edition(caller, edition)],
        text: editionsTable,
      });
    },

    async deliveries({ state, limit, ...filter }: Filter, where: Where) {
      const query = { ...filter, state: z.enum(deliveryStates).optional().parse(state) };
      await answer(where, {
        ask: ({ service, caller }) =>
          listed(limit, (part) => service.deliveries(caller, { ...query, ...part })),
        text: deliveriesTable,
      });
    },

    /** `retry`, `hold`, `release` or `cancel`. */
    change: (name: TransitionName, id: string, where: Where) =>
      change(name, where, ({ service, caller }) => service.change(caller, name, id)),

    resend: (id: string, to: string, where: Where) =>
      change('resend', where, async ({ service, caller }) => [(await service.resend(caller, id, to)).id]),

    /** Decides in the name of the system user, who may claim another name. */
    decide: (
      name: DecisionName,
      what: { ids: readonly string[]; as?: string | undefined; sha256?: string | undefined },
      where: Where,
    ) => change(name, where, ({ service, caller }) => service.decide(caller, name, what)),

    /** Requests the next revision of an edition, or lists the editions with rows corrected since. */
    reissue: async (
      id: string | undefined,
      { asOf, list, ...where }: Where & { asOf?: Day; list: boolean },
    ) => {
      if (list === (id !== undefined))
        throw new AppError('operation-refused', {
          problem: 'Give one edition to correct, or --list, not both or neither.',
          hint: 'Name one edition, or give --list.',
        });
      await (id === undefined
        ? answer(where, {
            ask: ({ service, caller }) => service.correctable(caller, asOf),
            text: correctableList,
          })
        : answer(where, {
            ask: ({ service, caller }) => service.reissue(caller, id, asOf),
            text: revisionText,
          }));
    },

    backfill: (brief: string, options: Where & BackfillOptions) => backfill(brief, options, context),

    async next(count: number, json: boolean) {
      const { briefs, errors } = await readableBriefs(context);
      throwAll(errors);
      const slots = slotsOf(briefs, { now: context.now, count });
      context.print(json ? JSON.stringify(slots, null, 2) : slotsTable(slots));
    },

    prune: async ({
      editions,
      addresses,
      ...where
    }: Where & { editions?: number | undefined; addresses?: number | undefined }) => {
      const before = (days: number | undefined) =>
        days === undefined ? undefined : new Date(context.now.getTime() - days * 86_400_000);
      const asked = { editionsBefore: before(editions), addressesBefore: before(addresses) };
      await answer(where, {
        ask: ({ service, caller }) => service.prune(caller, asked),
        text: (pruned) =>
          [
            ...pruned.editions.map((id) => `removed: ${id}`),
            `${pruned.editions.length} editions removed, ${pruned.addresses} addresses forgotten.`,
          ].join('\n'),
      });
    },

    addToken: (name: string, given: { may: Power; clearance: Marking }, where: Where) =>
      answer(where, {
        async ask({ service, caller }) {
          // The token is only printed. The ledger gets its hash.
          const token = newToken();
          await service.addToken(caller, { name, sha256: hashOfToken(token), ...given });
          return { name, ...given, token };
        },
        text: ({ may, clearance, token }) =>
          `${name} may ${may} up to ${clearance} with this token, shown only now:\n${token}`,
      }),

    tokens: (where: Where) =>
      answer(where, {
        ask: ({ service, caller }) => service.tokens(caller),
        text: (tokens) =>
          tokens.length === 0
            ? 'No tokens. "sitrep token add" creates one.'
            : alignColumns([
                ['NAME', 'MAY', 'CLEARANCE', 'SINCE (UTC)'],
                ...tokens.map((each) => [each.name, each.may, each.clearance, toSecond(each.createdAt)]),
              ]),
      }),

    revokeToken: (name: string, where: Where) =>
      answer(where, {
        ask: async ({ service, caller }) => {
          await service.revokeToken(caller, name);
          return [name];
        },
        text: () => `${name} no longer has access.`,
      }),

    audit: ({ limit, ...filter }: { edition?: string; who?: string; limit: number }, where: Where) =>
      answer(where, {
        ask: ({ service, caller }) => listed(limit, (part) => service.audit(caller, { ...filter, ...part })),
        text: auditTable,
      }),
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
