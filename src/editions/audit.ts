import { AppError } from '../errors.ts';
import type { AuditRecord } from '../ledger/principal.ts';
import { find, type Found, type Office } from './context.ts';

type Change = Pick<AuditRecord, 'what' | 'edition' | 'details'>;

/**
 * Makes a change that is on record before it is made, so that none goes unrecorded whatever happens, and says there
 * what came of it.
 */
export async function recorded<T>(
  { ledger, who, now }: Office,
  change: Change,
  work: () => Promise<T>,
): Promise<T> {
  const id = await ledger.recordChange({ at: now(), who, ...change });
  try {
    const result = await work();
    await ledger.closeChange(id, 'done');
    return result;
  } catch (error) {
    await ledger.closeChange(
      id,
      error instanceof AppError && error.code !== 'ledger-unavailable' ? 'refused' : 'failed',
    );
    throw error;
  }
}

/** The same for a change to an edition or to one delivery of it. Throws `edition-unknown`, and records nothing then. */
export async function changing<T>(
  office: Office,
  { what, id, details = {} }: { what: string; id: string; details?: Change['details'] },
  work: (found: Found) => Promise<T>,
): Promise<T> {
  const found = await find(office, id);
  const change =
    'delivery' in found
      ? { edition: found.delivery.edition, details: { ...details, delivery: found.delivery.id } }
      : { edition: found.edition.id, details };
  return recorded(office, { what, ...change }, () => work(found));
}
