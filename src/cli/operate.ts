import { z } from 'zod';
import { backfill, type BackfillOptions } from './backfill.ts';
import { type CommandContext, listed, type Reached, show, type Where } from './context.ts';
import type { Day } from '../calendar.ts';
import type { Marking } from '../dataset/fields.ts';
import { hashOfToken, newToken } from '../editions/access.ts';
import type { DecisionName } from '../editions/approvals.ts';
import {
  alignColumns,
  decisionsTable,
  localTime,
  receivedText,
  shownState,
  toMinute,
  toSecond,
  utcTime,
} from '../editions/format.ts';
import type { TransitionName } from '../editions/transitions.ts';
import { AppError } from '../errors.ts';
import type { Power } from '../ledger/principal.ts';
import { deliveryStates, editionStates } from '../ledger/records.ts';
import type { Correctable, DeliveryView, EditionDetail, EditionView, Reissued } from '../ledger/views.ts';
import { comingSlots } from '../scheduler/slots.ts';

/** After these changes, there is nothing left to do. */
const ending: ReadonlySet<string> = new Set(['hold', 'cancel', 'disapprove']);

interface Filter {
  readonly brief?: string | undefined;
  readonly state?: string | undefined;
  readonly edition?: string | undefined;
  readonly limit: number;
}

/** The commands that read the ledger and change it. */
export function operatorCommands(context: CommandContext) {
  const ask = <T>({ out }: Where, work: (reached: Reached) => Promise<T>): Promise<T> =>
    context.withLedger({ out, work: false }, work);

  /** Makes a change and prints the ids of what it changed. */
  const change = (name: string, where: Where, work: (reached: Reached) => Promise<string[]>) =>
    ask(where, async (reached) => {
      const moved = await work(reached);
      show(context, {
        json: where.json,
        rows: moved,
        text: () =>
          [
            ...moved.map((id) => `${name}: ${/^[0-9a-f]{32}$/.test(id) ? `delivery ${id.slice(0, 8)}` : id}`),
            ...(reached.isServed || ending.has(name)
              ? []
              : ['No process is working on this ledger now: "sitrep start" continues the work.']),
          ].join('\n'),
      });
    });

  return {
    ...recordCommands(context),

    async runs({ edition, state, limit, ...filter }: Filter, where: Where) {
      const query = { ...filter, state: z.enum(editionStates).optional().parse(state) };
      const rows = await ask(where, async ({ service, caller }) =>
        edition === undefined
          ? listed(limit, (part) => service.editions(caller, { ...query, ...part }))
          : [await service.edition(caller, edition)],
      );
      show(context, { json: where.json, rows, text: () => editionsTable(rows) });
    },

    async deliveries({ state, limit, ...filter }: Filter, where: Where) {
      const query = { ...filter, state: z.enum(deliveryStates).optional().parse(state) };
      const rows = await ask(where, ({ service, caller }) =>
        listed(limit, (part) => service.deliveries(caller, { ...query, ...part })),
      );
      show(context, { json: where.json, rows, text: () => deliveriesTable(rows) });
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

    reissue: (id: string | undefined, options: Where & { asOf?: Day | undefined; list: boolean }) =>
      reissue(id, options, context),

    backfill: (brief: string, options: Where & BackfillOptions) => backfill(brief, options, context),

    async next(count: number, json: boolean) {
      const briefs = await context.loadBriefs(await context.briefIds());
      const slots = briefs
        .flatMap(({ id, config: { schedule } }) =>
          comingSlots(schedule, context.now, count).map(({ at, asOf }) => ({
            brief: id,
            slot: at.toISOString(),
            local: localTime(at, schedule.timezone),
            timezone: schedule.timezone,
            asOf,
          })),
        )
        .toSorted((a, b) => (`${a.slot} ${a.brief}` < `${b.slot} ${b.brief}` ? -1 : 1));
      const text = () =>
        alignColumns([
          ['BRIEF', 'LOCAL TIME', 'TIME ZONE', 'IN UTC', 'REPORTS THROUGH'],
          ...slots.map(({ brief, local, timezone, slot, asOf }) => [
            brief,
            local,
            timezone,
            utcTime(new Date(slot)),
            asOf,
          ]),
        ]);
      show(context, { json, rows: slots, text });
    },

    async prune({
      editions,
      addresses,
      ...where
    }: Where & { editions?: number | undefined; addresses?: number | undefined }) {
      const before = (days: number | undefined) =>
        days === undefined ? undefined : new Date(context.now.getTime() - days * 86_400_000);
      const asked = { editionsBefore: before(editions), addressesBefore: before(addresses) };
      const rows = await ask(where, ({ service, caller }) => service.prune(caller, asked));
      const text = () =>
        [
          ...rows.editions.map((id) => `removed: ${id}`),
          `${rows.editions.length} editions removed, ${rows.addresses} addresses forgotten.`,
        ].join('\n');
      show(context, { json: where.json, rows, text });
    },
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

/** The commands for tokens and the audit of changes. */
function recordCommands(context: CommandContext) {
  const ask = <T>({ out }: Where, work: (reached: Reached) => Promise<T>): Promise<T> =>
    context.withLedger({ out, work: false }, work);

  return {
    async addToken(name: string, given: { may: Power; clearance: Marking }, where: Where) {
      // The token is only printed. The ledger gets its hash.
      const token = newToken();
      await ask(where, ({ service, caller }) =>
        service.addToken(caller, { name, sha256: hashOfToken(token), ...given }),
      );
      const text = () =>
        `${name} may ${given.may} up to ${given.clearance} with this token, shown only now:\n${token}`;
      show(context, { json: where.json, rows: { name, ...given, token }, text });
    },

    async tokens(where: Where) {
      const rows = await ask(where, ({ service, caller }) => service.tokens(caller));
      const text = () =>
        rows.length === 0
          ? 'No tokens. "sitrep token add" creates one.'
          : alignColumns([
              ['NAME', 'MAY', 'CLEARANCE', 'SINCE (UTC)'],
              ...rows.map((each) => [each.name, each.may, each.clearance, toSecond(each.createdAt)]),
            ]);
      show(context, { json: where.json, rows, text });
    },

    async revokeToken(name: string, where: Where) {
      await ask(where, ({ service, caller }) => service.revokeToken(caller, name));
      show(context, { json: where.json, rows: [name], text: () => `${name} no longer has access.` });
    },

    async audit({ limit, ...filter }: { edition?: string; who?: string; limit: number }, where: Where) {
      const rows = await ask(where, ({ service, caller }) =>
        listed(limit, (part) => service.audit(caller, { ...filter, ...part })),
      );
      const text = () =>
        rows.length === 0
          ? 'No changes.'
          : alignColumns([
              ['AT (UTC)', 'WHO', 'WHAT', 'EDITION', 'OUTCOME', 'WITH'],
              ...rows.map((each) => [
                toSecond(each.at),
                each.who,
                each.what,
                each.edition ?? '',
                each.outcome,
                Object.entries(each.details)
                  .map(
                    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
                  )
                  .join(' '),
              ]),
            ]);
      show(context, { json: where.json, rows, text });
    },
  };
}

/** Requests the next revision of an edition, or lists the editions with rows corrected since. */
async function reissue(
  id: string | undefined,
  { asOf, list, out, json }: Where & { asOf?: Day | undefined; list: boolean },
  context: CommandContext,
): Promise<void> {
  if (list === (id !== undefined))
    throw new AppError('operation-refused', {
      problem: 'Give one edition to correct, or --list, not both or neither.',
      hint: 'Name one edition, or give --list.',
    });
  await context.withLedger({ out, work: false }, async ({ service, caller, isServed }) => {
    if (id === undefined) {
      const rows = await service.correctable(caller, asOf);
      show(context, { json, rows, text: () => describeList(rows) });
    } else {
      const rows = await service.reissue(caller, id, asOf);
      show(context, { json, rows, text: () => describe(rows, { isServed }) });
    }
  });
}

function describe(
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
    ...(isServed ? [] : ['No process is working on this ledger now: "sitrep start" continues the work.']),
  ].join('\n');
}

const describeList = (editions: readonly Correctable[]): string =>
  editions.length === 0
    ? 'No delivered edition rests on rows that were revised or withdrawn since.'
    : editions
        .flatMap(({ edition, changes, problem }) => [
          `${edition}${problem === null ? '' : `: ${problem}`}`,
          ...changes.map((change) => `  ${change}`),
        ])
        .join('\n');
