import type { Brief } from '../model/brief.ts';
import { editionId } from '../model/edition-id.ts';
import type { EditionRecord, NewEdition, Reach } from '../model/edition.ts';
import { AppError, describeFault } from '../model/fault.ts';
import { dueSlots, ON_TIME_MS, slotsReporting, type Slot } from '../model/slots.ts';
import { alertTo } from './alert.ts';
import type { Ledger } from './ledger.ts';
import type { Log } from './log.ts';

export interface Schedules {
  readonly ledger: Ledger;
  readonly briefIds: () => Promise<string[]>;
  /** Reads the briefs as they are now. */
  readonly loadBrief: (id: string) => Promise<Brief>;
  readonly operator: string | null;
  readonly log: Log;
}

/**
 * Makes every slot that is due by `now` into an edition. It may be called as often as one likes and by several
 * processes at once: a slot becomes an edition once. A brief that cannot be read waits, and holds up no other; `told` is
 * what was said of such briefs before, since it need not be said at each beat.
 */
export async function tick(
  now: Date,
  { ledger, briefIds, loadBrief, operator, log }: Schedules,
  told = new Map<string, string>(),
): Promise<EditionRecord[]> {
  const opened: EditionRecord[] = [];
  for (const id of await briefIds()) {
    let brief: Brief;
    try {
      brief = await loadBrief(id);
      told.delete(id);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const faults = error.faults.map(describeFault);
      if (told.get(id) !== error.message)
        log.error({ brief: id, faults }, 'The brief cannot be read: it is not scheduled.');
      told.set(id, error.message);
      continue;
    }
    const { schedule } = brief.config;
    const added = await ledger.openSlots(id, {
      now,
      alert: ({ slot }) => {
        const late = slot !== null && now.getTime() - slot.getTime() > ON_TIME_MS;
        return late && operator !== null ? alertTo(operator, 'late') : null;
      },
      plan: (cursor) => {
        const { issue, skip, cursor: next } = dueSlots(schedule, { cursor, now });
        return {
          cursor: next,
          due: issue.map((slot) => editionAt(brief, slot, { origin: 'schedule', reach: 'all' })),
          skipped: skip.map(({ slot, reason }) => ({
            edition: editionAt(brief, slot, { origin: 'schedule', reach: 'none' }),
            reason,
          })),
        };
      },
    });
    for (const { id: edition, state, slot, reason } of added)
      log.info({ edition, slot, reason }, state === 'skipped' ? 'skipped' : 'due');
    opened.push(...added);
  }
  return opened;
}

/** Scheduled editions that are not made this long after their slot: the operator is told, once for each. */
const LATE_MS = 3_600_000;

export async function tellOfLateEditions(
  now: Date,
  { ledger, operator }: Pick<Schedules, 'ledger' | 'operator'>,
): Promise<void> {
  if (operator === null) return;
  const lateSince = new Date(now.getTime() - LATE_MS);
  for (const state of ['queued', 'rendering'] as const) {
    for (const { id } of await ledger.editions({ state, lateSince, limit: 100_000 }))
      await ledger.addDeliveries(id, [alertTo(operator, 'late')], now);
  }
}

/** The editions of the slots between two days, both included, that a brief would have had. */
export function editionsBetween(
  brief: Brief,
  { from, to, reach }: { from: string; to: string; reach: Reach },
): NewEdition[] {
  return slotsReporting(brief.config.schedule, { from, to }).map((slot) =>
    editionAt(brief, slot, { origin: 'backfill', reach }),
  );
}

function editionAt(
  brief: Brief,
  { at, asOf }: Slot,
  { origin, reach }: Pick<NewEdition, 'origin' | 'reach'>,
): NewEdition {
  const { paper } = brief.config;
  return {
    id: editionId({ brief: brief.id, asOf, paper, ownPaper: paper, parameters: {} }),
    brief: brief.id,
    asOf,
    paper,
    parameters: {},
    partOf: null,
    origin,
    slot: at,
    reach,
    correction: null,
  };
}
