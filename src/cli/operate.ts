import { z } from 'zod';
import type { Day } from '../calendar.ts';
import { definedOnly } from '../dataset/parse-rows.ts';
import {
  alignColumns,
  decisionsTable,
  delivery,
  edition,
  localTime,
  receivedText,
  shownState,
  toJson,
  utcTime,
} from '../editions/format.ts';
import type { OperationName } from '../editions/operations.ts';
import { comingSlots } from '../scheduler/slots.ts';
import { backfill, type BackfillOptions } from './backfill.ts';
import type { Operations, Where } from './context.ts';
import { reissue } from './corrections.ts';
import { recordCommands } from './tokens.ts';

type Change = 'retry' | 'hold' | 'release' | 'cancel' | 'resend' | 'approve' | 'disapprove';
/** After these nothing is left to go on with. */
const ending: ReadonlySet<Change> = new Set(['hold', 'cancel', 'disapprove']);

/** The commands that look at the ledger and change what stands in it. */
export function operatorCommands(world: Operations) {
  const ask = ({ out }: Where, name: OperationName, input: object): Promise<unknown> =>
    world.withLedger({ out, work: false }, async (operate) => toJson(await operate(name, input)));

  const show = (json: boolean, rows: unknown, table: () => string) =>
    world.print(json ? JSON.stringify(rows, null, 2) : table());

  const change = (name: Change, input: object, where: Where) =>
    world.withLedger({ out: where.out, work: false }, async (operate, { isServed }) => {
      const moved = z.array(z.string()).parse(await operate(name, input));
      show(where.json, moved, () =>
        [
          ...moved.map((id) => `${name}: ${/^[0-9a-f]{32}$/.test(id) ? `delivery ${id.slice(0, 8)}` : id}`),
          ...(isServed || ending.has(name)
            ? []
            : ['Nothing runs on this ledger now: "sitrep start" goes on with it.']),
        ].join('\n'),
      );
    });

  return {
    ...recordCommands(world),

    async runs(filter: { brief?: string; state?: string; edition?: string; limit: number }, where: Where) {
      const rows = await ask(where, 'runs', filter);
      show(where.json, rows, () => {
        const editions = z.array(edition).parse(rows);
        if (editions.length === 0) return 'No editions. "sitrep backfill" makes those of past slots.';
        const table = alignColumns([
          ['EDITION', 'STATE', 'SLOT (UTC)', 'PAGES', 'DELIVERIES', 'REASON'],
          ...editions.map((each) => [
            each.id,
            shownState(each),
            each.slot?.slice(0, 16).replace('T', ' ') ?? each.origin,
            each.pages === null ? '' : String(each.pages),
            receivedText(each.recipients),
            each.reason?.split('\n')[0] ?? '',
          ]),
        ]);
        const details = editions.flatMap(({ runs = [], approvals = [], reason }) => [
          ...(runs.length > 0 && reason !== null ? ['', reason] : []),
          ...(runs.length > 0
            ? [
                '',
                alignColumns([
                  ['RUN', 'STARTED (UTC)', 'OUTCOME', 'REASON'],
                  ...runs.map((run) => [
                    String(run.number),
                    run.startedAt.slice(0, 19).replace('T', ' '),
                    run.outcome,
                    run.reason?.split('\n')[0] ?? '',
                  ]),
                ]),
              ]
            : []),
          ...(approvals.length > 0 ? ['', decisionsTable(approvals)] : []),
        ]);
        return [table, ...details].join('\n');
      });
    },

    async deliveries(
      filter: { brief?: string; state?: string; edition?: string; limit: number },
      where: Where,
    ) {
      const rows = await ask(where, 'deliveries', filter);
      show(where.json, rows, () => {
        const found = z.array(delivery).parse(rows);
        if (found.length === 0) return 'No deliveries.';
        return alignColumns([
          ['DELIVERY', 'EDITION', 'WHAT', 'CHANNEL', 'TO', 'STATE', 'TRIED', 'REASON'],
          ...found.map((each) => [
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
      });
    },

    /** `retry`, `hold`, `release`, `cancel`, `resend` and decisions: all give the ids of what they moved. */
    change,

    /** `approve` and `disapprove`: by the system user, who may claim another name. */
    decide: (
      name: 'approve' | 'disapprove',
      { ids, as, sha256 }: { ids: readonly string[]; as?: string | undefined; sha256?: string | undefined },
      where: Where,
    ) => change(name, definedOnly({ ids, sha256, user: world.systemUser, claimedName: as ?? null }), where),

    reissue: (id: string | undefined, options: Where & { asOf?: Day | undefined; list: boolean }) =>
      reissue(id, options, world),

    backfill: (brief: string, options: Where & BackfillOptions) => backfill(brief, options, world),
    async next(count: number, json: boolean) {
      const briefs = await world.loadBriefs(await world.briefIds());
      const slots = briefs
        .flatMap(({ id, config: { schedule } }) =>
          comingSlots(schedule, world.now, count).map(({ at, asOf }) => ({
            brief: id,
            slot: at.toISOString(),
            local: localTime(at, schedule.timezone),
            timezone: schedule.timezone,
            asOf,
          })),
        )
        .toSorted((a, b) => (`${a.slot} ${a.brief}` < `${b.slot} ${b.brief}` ? -1 : 1));
      show(json, slots, () =>
        alignColumns([
          ['BRIEF', 'LOCAL TIME', 'TIME ZONE', 'IN UTC', 'REPORTS THROUGH'],
          ...slots.map(({ brief, local, timezone, slot, asOf }) => [
            brief,
            local,
            timezone,
            utcTime(new Date(slot)),
            asOf,
          ]),
        ]),
      );
    },

    async prune({
      editions,
      addresses,
      ...where
    }: Where & { editions?: number | undefined; addresses?: number | undefined }) {
      const before = (days: number | undefined) =>
        days === undefined ? undefined : new Date(world.now.getTime() - days * 86_400_000).toISOString();
      const input = { editionsBefore: before(editions), addressesBefore: before(addresses) };
      const answer = z
        .object({ editions: z.array(z.string()), addresses: z.number() })
        .parse(await ask(where, 'prune', definedOnly(input)));
      show(where.json, answer, () =>
        [
          ...answer.editions.map((id) => `removed: ${id}`),
          `${answer.editions.length} editions removed, ${answer.addresses} addresses forgotten.`,
        ].join('\n'),
      );
    },
  };
}
export type OperatorCommands = ReturnType<typeof operatorCommands>;
