import type { Brief } from '../model/brief.ts';
import { maySee, seesAll, type Caller } from '../model/caller.ts';
import { AppError, type Fault } from '../model/fault.ts';
import { markingsWithin } from '../model/marking.ts';
import type { Sight } from './ledger.ts';
import type { Office } from './office.ts';

type Briefs = Pick<Office, 'briefIds' | 'loadBrief'>;

/** A brief that can be read, or why it cannot. */
export type Readable =
  { readonly id: string; readonly brief: Brief } | { readonly id: string; readonly faults: readonly Fault[] };

/** The briefs that a caller may see. One that cannot be read has no marking: only those who see all see it. */
export async function briefsSeen(office: Briefs, caller: Caller): Promise<Readable[]> {
  const all = await Promise.all((await office.briefIds()).map((id) => readable(office, id)));
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

/** Up to where a caller sees. Undefined for all there is, what has no marking included, unless told otherwise. */
export async function sightOf(
  office: Briefs,
  caller: Caller,
  { ofAll = false }: { ofAll?: boolean } = {},
): Promise<Sight | undefined> {
  if (seesAll(caller) && !ofAll) return undefined;
  return {
    markings: markingsWithin(caller.clearance),
    briefs: (await briefsSeen(office, caller)).map(({ id }) => id),
  };
}
