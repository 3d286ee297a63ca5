import { z } from 'zod';
import { type Day, day } from '../calendar.ts';
import { goneOf } from '../delivery/recipients.ts';
import { AppError, describeFault } from '../errors.ts';
import type { EditionRecord } from '../ledger/edition.ts';
import { replacementOf } from '../ledger/revisions.ts';
import { correctionText } from '../render/changes.ts';
import { type Office, operation } from './context.ts';
import { changedInPlace, changesIn, look } from './inspect-corrections.ts';

/** An edition that was delivered: what became other than it says, and what is wrong with it besides. */
interface Listed {
  readonly edition: string;
  readonly changes?: readonly string[];
  readonly problem?: string;
}

/**
 * The editions that were delivered and rest on rows that were revised or withdrawn by a day, by today if none is given.
 * One that cannot be looked at is listed with the reason, and keeps no other from being listed.
 */
export const revised = operation(z.strictObject({ asOf: day.optional() }), async (office, { asOf }) => {
  const { ledger } = office;
  const ids = await office.briefIds();
  const found: Listed[] = [];
  for (const edition of await ledger.editions({ limit: 100_000 })) {
    if (edition.card === null || edition.card.pdf === null || !ids.includes(edition.brief)) continue;
    if ((await replacementOf(edition, ledger)) !== undefined) continue;
    if ((await goneOf([edition], ledger)).length === 0) continue;
    const listed = await lookAt(office, edition, asOf);
    if (listed.changes !== undefined || listed.problem !== undefined) found.push(listed);
  }
  return found;
});

async function lookAt(office: Office, edition: EditionRecord, asOf: Day | undefined): Promise<Listed> {
  const { id } = edition;
  try {
    const looked = await look(office, edition, { asOf, byToday: true });
    const changes = looked.by <= dayOf(edition) ? [] : changesIn(edition, looked);
    const inPlace = changedInPlace(looked);
    return {
      edition: id,
      ...(changes.length > 0 && {
        changes: changes.map((each) => correctionText(each, looked.dataset.settings)),
      }),
      ...(inPlace !== null && { problem: describeFault(inPlace) }),
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { edition: id, problem: error.faults.map(describeFault).join(' ') };
  }
}

/** The day by which what it tells was known. */
const dayOf = ({ asOf, correction }: EditionRecord): Day => correction?.asOf ?? asOf;
