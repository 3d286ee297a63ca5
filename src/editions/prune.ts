import { AppError, distinct } from '../errors.ts';
import { canonicalJson } from '../hash.ts';
import type { EditionRecord } from '../ledger/edition.ts';
import type { Pruned, PruneRequest } from '../ledger/views.ts';
import { audited, type ChangeContext } from './context.ts';

/** Removes what was finished before an instant: editions with their files, or recipients' addresses. */
export function prune(context: ChangeContext, asked: PruneRequest): Promise<Pruned> {
  const details = Object.fromEntries(
    Object.entries(asked).flatMap(([name, at]) => (at === undefined ? [] : [[name, at.toISOString()]])),
  );
  return audited(context, { what: 'prune', edition: null, details }, () => removeOld(context, asked));
}

async function removeOld(
  { ledger, removeEditions, tidyEditions }: ChangeContext,
  { editionsBefore, addressesBefore }: PruneRequest,
): Promise<Pruned> {
  const addresses = addressesBefore === undefined ? 0 : await ledger.forgetAddresses(addressesBefore);
  if (editionsBefore === undefined) return { editions: [], addresses };
  await tidyEditions();
  const removed: string[] = [];
  const failures: AppError[] = [];
  for (const revisions of byIdentity(await ledger.removableEditions(editionsBefore))) {
    const ids = revisions.map(({ id }) => id);
    const folders = revisions.flatMap(({ folder }) => (folder === null ? [] : [folder]));
    try {
      if (await removeEditions(folders, () => ledger.removeEditions(ids, editionsBefore)))
        removed.push(...ids);
    } catch (error) {
      // If files cannot be removed, their rows stay, and the next "prune" finds them.
      if (!(error instanceof AppError)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first) throw new AppError(first.code, distinct(failures), { cause: first });
  return { editions: removed, addresses };
}

/** All revisions of an edition are removed together. */
const byIdentity = (editions: readonly EditionRecord[]): EditionRecord[][] => [
  ...Map.groupBy(editions, ({ brief, asOf, paper, parameters }) =>
    canonicalJson([brief, asOf, paper, parameters]),
  ).values(),
];
