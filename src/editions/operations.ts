import { z } from 'zod';
import { day } from '../calendar.ts';
import { definedOnly } from '../dataset/parse-rows.ts';
import { AppError, distinct } from '../errors.ts';
import { canonicalJson } from '../hash.ts';
import { deliveryStates, type EditionRecord, editionStates, recipientsOf } from '../ledger/edition.ts';
import type { Brief } from '../project/brief.ts';
import { editionsBetween } from '../scheduler/scheduler.ts';
import { approve, disapprove } from './approvals.ts';
import { recorded } from './audit.ts';
import { limit, type Office, operation, refused, unknownEdition } from './context.ts';
import { revised } from './list-corrections.ts';
import { reissue } from './reissue.ts';
import { askFor, requireOver, wish } from './request.ts';
import { tokenOperations } from './tokens.ts';
import { cancel, hold, release, resend, retry } from './transitions.ts';

/**
 * What an operator can ask of a ledger. Arguments and answers are JSON, so that a command reaches the process which
 * holds the ledger with the same words. They throw `edition-unknown`, `brief-unknown` and `operation-refused`.
 */
export const operations = {
  /** Editions, the newest period first, with what became of their deliveries. */
  runs: operation(
    z.strictObject({
      brief: z.string().optional(),
      state: z.enum(editionStates).optional(),
      edition: z.string().optional(),
      limit,
    }),
    async ({ ledger }, filter) => {
      const editions = await ledger.editions(filter);
      if (filter.edition !== undefined && editions.length === 0) throw unknownEdition(filter.edition);
      const deliveries = await ledger.deliveryCounts(editions.map(({ id }) => id));
      const { edition: one } = filter;
      const details =
        one === undefined
          ? {}
          : { runs: await ledger.runs({ edition: one }), approvals: await ledger.approvals(one) };
      return editions.map((edition) => ({
        ...edition,
        deliveries: deliveries.get(edition.id) ?? {},
        recipients: recipientsOf(deliveries.get(edition.id) ?? {}),
        ...details,
      }));
    },
  ),

  deliveries: operation(
    z.strictObject({
      brief: z.string().optional(),
      state: z.enum(deliveryStates).optional(),
      edition: z.string().optional(),
      limit,
    }),
    ({ ledger }, filter) => ledger.deliveries(filter),
  ),

  retry,
  resend,
  hold,
  release,
  cancel,
  approve,
  disapprove,
  reissue,
  revised,

  /** Asks for the editions of all slots of a brief between two days, both included. Gives all, and which are new. */
  backfill: operation(
    z.strictObject({ brief: z.string(), from: day, to: day, deliver: z.boolean() }),
    async (office, { brief: id, from, to, deliver }) => {
      const brief = await briefNamed(office, id);
      const asked = editionsBetween(brief, { from, to, reach: deliver ? 'all' : 'folders' });
      const latest = asked.at(-1);
      if (latest) requireOver(brief, { asOf: latest.asOf, field: 'to', now: office.now() });
      const details = { brief: id, from, to, deliver };
      const added = await recorded(office, { what: 'backfill', edition: null, details }, () =>
        office.ledger.request(asked, office.now()),
      );
      return { all: asked.map((each) => each.id), new: added };
    },
  ),

  /** Asks for one edition; says whether it is new. */
  request: operation(wish.extend({ brief: z.string() }), async (office, { brief, ...asked }) =>
    askFor(office, { brief: await briefNamed(office, brief), ...asked }),
  ),

  /** Who changed what, the newest first. */
  audit: operation(
    z.strictObject({ edition: z.string().optional(), who: z.string().optional(), limit }),
    ({ ledger }, filter) => ledger.audit(filter),
  ),

  ...tokenOperations,

  /** A link that lets one browser in as this machine's operator, who alone reaches the socket of the ledger. */
  link: operation(z.strictObject({}), async ({ newLink }) => {
    const link = newLink?.();
    if (link !== undefined) return link;
    throw refused('The process that holds the ledger serves no pages.', '"sitrep start" serves them.');
  }),

  /** Removes what was settled before an instant: editions with their files, or the addresses they went to. */
  prune: operation(
    z.strictObject({
      editionsBefore: z.iso.datetime().optional(),
      addressesBefore: z.iso.datetime().optional(),
    }),
    (office, asked) =>
      recorded(office, { what: 'prune', edition: null, details: definedOnly(asked) }, () =>
        prune(office, asked),
      ),
  ),
} as const;

export type OperationName = keyof typeof operations;

/** Calls an operation, in this process or in the one that holds the ledger. */
export type Operate = (name: OperationName, input: unknown) => Promise<unknown>;

async function briefNamed(office: Office, id: string): Promise<Brief> {
  const ids = await office.briefIds();
  if (ids.includes(id)) return office.loadBrief(id);
  throw new AppError('brief-unknown', [
    { problem: `There is no brief "${id}".`, mend: `Name one of ${ids.join(', ')}.` },
  ]);
}

async function prune(
  { ledger, removeEditions, tidyEditions }: Office,
  {
    editionsBefore,
    addressesBefore,
  }: { editionsBefore?: string | undefined; addressesBefore?: string | undefined },
) {
  const addresses =
    addressesBefore === undefined ? 0 : await ledger.forgetAddresses(new Date(addressesBefore));
  if (editionsBefore === undefined) return { editions: [], addresses };
  await tidyEditions();
  const before = new Date(editionsBefore);
  const removed: string[] = [];
  const failures: AppError[] = [];
  for (const revisions of byIdentity(await ledger.removableEditions(before))) {
    const ids = revisions.map(({ id }) => id);
    const folders = revisions.flatMap(({ folder }) => (folder === null ? [] : [folder]));
    try {
      if (await removeEditions(folders, () => ledger.removeEditions(ids, before))) removed.push(...ids);
    } catch (error) {
      // The rows of what cannot be removed stay, and the next "prune" finds them.
      if (!(error instanceof AppError)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first) throw new AppError(first.code, distinct(failures), { cause: first });
  return { editions: removed, addresses };
}

/** Revisions of one edition are removed together. */
const byIdentity = (editions: readonly EditionRecord[]): EditionRecord[][] => [
  ...Map.groupBy(editions, ({ brief, asOf, paper, parameters }) =>
    canonicalJson([brief, asOf, paper, parameters]),
  ).values(),
];
