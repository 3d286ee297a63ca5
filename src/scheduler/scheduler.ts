import { alertTo } from '../delivery/alert.ts';
import { AppError, describeFault } from '../errors.ts';
import { editionId } from '../ledger/edition-id.ts';
import type { EditionRecord, NewEdition, Reach } from '../ledger/edition.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Log } from '../log.ts';
import type { Brief } from '../project/brief.ts';
import { dueSlots, ON_TIME_MS, type Slot, slotsReporting } from './slots.ts';

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
 * processes at once: a slot becomes an edition once. A brief that cannot be read or scheduled waits, and delays no other,
 * whatever the error; `told` is what was said of such briefs before, since it need not be said at each beat. Throws when no
 * brief could be scheduled.
 */
export async function tick(
  now: Date,
  { ledger, briefIds, loadBrief, operator, log }: Schedules,
  told = new Map<string, string>(),
): Promise<EditionRecord[]> {
  const opened: EditionRecord[] = [];
  const failures: unknown[] = [];
  let isAnyScheduled = false;
  /** Says what is wrong with a brief, unless that was said before. */
  const say = (id: string, fields: object, { error, message }: { error: string; message: string }) => {
    if (told.get(id) !== error) log.error({ brief: id, ...fields }, message);
    told.set(id, error);
  };
  for (const id of await briefIds()) {
    let brief: Brief;
    try {
      brief = await loadBrief(id);
    } catch (error) {
      const faults = error instanceof AppError ? error.faults.map(describeFault) : [String(error)];
      const message = 'The brief cannot be read: it is not scheduled.';
      say(id, { faults }, { error: String(error), message });
      continue;
    }
    try {
      opened.push(...(await openSlots(now, brief, { ledger, operator, log })));
      isAnyScheduled = true;
      told.delete(id);
    } catch (error) {
      failures.push(error);
      say(id, { error: String(error) }, { error: String(error), message: 'The brief cannot be scheduled.' });
    }
  }
  // It is the ledger then, and not one of the briefs.
  if (failures.length > 0 && !isAnyScheduled) throw failures[0];
  return opened;
}

async function openSlots(
  now: Date,
  brief: Brief,
  { ledger, operator, log }: Pick<Schedules, 'ledger' | 'operator' | 'log'>,
): Promise<EditionRecord[]> {
  const { schedule, paper } = brief.config;
  const issued = new Map<string, EditionRecord>();
  const added = await ledger.openSlots(brief.id, {
    now,
    alert: ({ slot }) => {
      const late = slot !== null && now.getTime() - slot.getTime() > ON_TIME_MS;
      return late && operator !== null ? alertTo(operator, 'late') : null;
    },
    leftOut: (edition) => {
      issued.set(edition.id, edition);
      return operator === null ? null : alertTo(operator, 'left-out');
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
  for (const edition of issued.values())
    log.warn(
      { edition: edition.id, issuedOn: edition.paper, wanted: paper },
      'The day was issued on other paper before: the slot is left out.',
    );
  return added;
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
