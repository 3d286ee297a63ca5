import { z } from 'zod';
import { day } from '../calendar.ts';
import { markingsWithin } from '../dataset/fields.ts';
import { AppError, type Fault } from '../errors.ts';
import { deliveryStates, editionStates, storable } from '../ledger/edition.ts';
import { type Caller, maySee, seesAll } from '../ledger/principal.ts';
import type { Visibility } from '../ledger/types.ts';
import type { Brief } from '../project/brief.ts';
import type { OperatorContext } from './context.ts';

type Briefs = Pick<OperatorContext, 'briefIds' | 'loadBrief'>;

/** A readable brief, or the faults that make it unreadable. */
export type Readable =
  { readonly id: string; readonly brief: Brief } | { readonly id: string; readonly faults: readonly Fault[] };

/**
 * The briefs that a caller may see. A brief that cannot be read has no marking, so only callers with the highest
 * clearance see it.
 */
export async function visibleBriefs(context: Briefs, caller: Caller): Promise<Readable[]> {
  const all = await Promise.all((await context.briefIds()).map((id) => readable(context, id)));
  return all.filter((each) =>
    'brief' in each ? maySee(caller, each.brief.config.marking) : seesAll(caller),
  );
}

async function readable({ loadBrief }: Briefs, id: string): Promise<Readable> {
  try {
    return { id, brief: await loadBrief(id) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { id, faults: error.faults };
  }
}

/** The caller's visibility. Undefined means everything, including data without a marking, unless `ofAll` is set. */
export async function visibilityOf(
  context: Briefs,
  caller: Caller,
  { ofAll = false }: { ofAll?: boolean } = {},
): Promise<Visibility | undefined> {
  if (seesAll(caller) && !ofAll) return undefined;
  return {
    markings: markingsWithin(caller.clearance),
    briefs: (await visibleBriefs(context, caller)).map(({ id }) => id),
  };
}

const named = storable.max(500);
const brief = named.optional().describe('Of this brief');
const edition = named.optional().describe('Of this edition, such as weekly/2021-08-22');
const part = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('At most so many, up to 200'),
  after: z.string().max(500).optional().describe('What follows: "next" of the part before'),
};

/** Filters of lists. */
export const editionsQuery = z.strictObject({
  brief,
  state: z.enum(editionStates).optional().describe('In this state'),
  from: day.optional().describe('Reporting through this day or a later one'),
  to: day.optional().describe('Reporting through this day or an earlier one'),
  ...part,
});
export const deliveriesQuery = z.strictObject({
  brief,
  edition,
  state: z.enum(deliveryStates).optional().describe('In this state'),
  ...part,
});
export const auditQuery = z.strictObject({
  edition,
  who: named.optional().describe('By this token, "command line" or "this machine"'),
  ...part,
});
