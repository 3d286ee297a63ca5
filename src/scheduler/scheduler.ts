import { setTimeout as delay } from 'node:timers/promises';
import type { Heartbeat } from './heartbeat.ts';
import { comingSlots, dueSlots, ON_TIME_MS, type Slot, slotsReporting } from './slots.ts';
import { alertTo } from '../delivery/alert.ts';
import { AppError, describeFault } from '../errors.ts';
import { newEdition } from '../ledger/edition-id.ts';
import type { EditionRecord, NewEdition, Reach } from '../ledger/records.ts';
import type { Ledger } from '../ledger/types.ts';
import type { Log } from '../log.ts';
import type { Brief } from '../project/brief.ts';

export interface Schedules {
  readonly ledger: Ledger;
  readonly briefIds: () => Promise<string[]>;
  /** Reads the brief's current version. */
  readonly loadBrief: (id: string) => Promise<Brief>;
  /** Whether the sources of a dataset are refreshed before its slots. */
  readonly refreshesFirst: (dataset: string) => Promise<boolean>;
  readonly operator: string | null;
  readonly log: Log;
}

/** Interval for noticing changes to briefs. */
const RELOAD_MS = 10_000;

/**
 * Returns a function that creates an edition for every slot due by `now`. It is safe to call often and from several
 * processes, because each slot becomes an edition only once. It reads the ledger on the first call, when a slot is due,
 * when the clock has gone back, and after changes to briefs; other calls are cheap. A brief that cannot be read or
 * scheduled does not delay the others, and its error is logged once. Throws if no brief could be scheduled.
 */
export function openScheduler(schedules: Schedules): (now: Date) => Promise<EditionRecord[]> {
  const { briefIds, loadBrief, log } = schedules;
  const reported = new Map<string, string>();
  /** Logs a brief's error unless it is the same as the last one logged for that brief. */
  const report = (brief: string, error: unknown, message: string): void => {
    const text = String(error);
    const fields = error instanceof AppError ? { faults: error.faults.map(describeFault) } : { error: text };
    if (reported.get(brief) !== text) log.error({ brief, ...fields }, message);
    reported.set(brief, text);
  };
  let lastMs = Number.POSITIVE_INFINITY;
  let loadedMs = Number.NEGATIVE_INFINITY;
  /** The first slot that is not in the ledger yet, according to the schedules in `known`. */
  let nextMs = Number.NEGATIVE_INFINITY;
  let known = '';
  return async (now) => {
    const nowMs = now.getTime();
    // The clock went back, so the next slot was computed from a wrong time.
    if (nowMs < lastMs) nextMs = Number.NEGATIVE_INFINITY;
    lastMs = nowMs;
    if (nowMs < nextMs && nowMs - loadedMs < RELOAD_MS) return [];
    const briefs: Brief[] = [];
    for (const id of await briefIds()) {
      try {
        briefs.push(await loadBrief(id));
      } catch (error) {
        report(id, error, 'The brief cannot be read: it is not scheduled.');
      }
    }
    loadedMs = nowMs;
    const current = JSON.stringify(briefs.map(({ id, config }) => [id, config.schedule]));
    if (nowMs < nextMs && current === known) return [];
    const opened: EditionRecord[] = [];
    const coming: number[] = [];
    const failures: unknown[] = [];
    for (const brief of briefs) {
      try {
        opened.push(...(await openSlots(now, brief, schedules)));
        coming.push(...comingSlots(brief.config.schedule, now, 1).map(({ at }) => at.getTime()));
        reported.delete(brief.id);
      } catch (error) {
        failures.push(error);
        report(brief.id, error, 'The brief cannot be scheduled.');
      }
    }
    // If every brief failed, the ledger is at fault.
    if (failures.length > 0 && failures.length === briefs.length) throw failures[0];
    nextMs = Math.min(...coming);
    // After a failure, the next reload reads the ledger again.
    known = failures.length === 0 ? current : '';
    return opened;
  };
}

/** Returns the new editions of a brief. */
async function openSlots(
  now: Date,
  brief: Brief,
  { ledger, operator, log, refreshesFirst }: Schedules,
): Promise<EditionRecord[]> {
  const { schedule, paper, dataset } = brief.config;
  // By id, because the transaction may run again.
  const issued = new Map<string, EditionRecord>();
  // A dataset that cannot be read puts its editions on hold, whether or not its sources are refreshed.
  const isRefreshed = await refreshesFirst(dataset).catch(() => false);
  const added = await ledger.openSlots(brief.id, {
    now,
    refresh: isRefreshed ? dataset : null,
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
      const edition = (slot: Slot, reach: Reach) => editionAt(brief, slot, { origin: 'schedule', reach });
      return {
        cursor: next,
        due: issue.map((slot) => edition(slot, 'all')),
        skipped: skip.map(({ slot, reason }) => ({ edition: edition(slot, 'none'), reason })),
      };
    },
  });
  for (const { id: edition, state, slot, reason } of added)
    log.info({ edition, slot, reason }, state === 'skipped' ? 'skipped' : 'due');
  for (const edition of issued.values())
    log.warn(
      { edition: edition.id, issuedOn: edition.paper, wanted: paper },
      'This day’s edition was already issued on other paper, so the slot is skipped.',
    );
  return added;
}

/** Rounds are not awaited longer than this, because a connection or disk may have fallen silent. */
const ROUND_MS = 60_000;

/** Looks for due slots repeatedly. Disposing waits for the round in progress. */
export function startScheduler({
  schedules,
  heartbeat,
  now,
  onBeat,
  roundMs = ROUND_MS,
}: {
  schedules: Schedules;
  heartbeat: Heartbeat;
  now: () => Date;
  onBeat: (at: Date) => void;
  roundMs?: number;
}): AsyncDisposable {
  const openDue = openScheduler(schedules);
  const look = async (): Promise<void> => {
    try {
      const at = now();
      await openDue(at);
      onBeat(at);
    } catch (error) {
      // The next round tries again.
      schedules.log.error({ error: String(error) }, 'The schedule could not be checked.');
    }
  };
  return heartbeat(async () => {
    const late = new AbortController();
    const limit = delay(roundMs, 'late' as const, { signal: late.signal }).catch(() => 'ended' as const);
    // Overlapping rounds are harmless, because each slot becomes an edition only once.
    const outcome = await Promise.race([look(), limit]);
    late.abort();
    if (outcome === 'late')
      schedules.log.error(
        { seconds: roundMs / 1000 },
        'A look at the schedule has not ended, and the next one begins beside it.',
      );
  });
}

/** The operator is alerted once about each scheduled edition that is not generated this long after its slot. */
const LATE_MS = 3_600_000;

export async function alertLateEditions(
  now: Date,
  { ledger, operator }: Pick<Schedules, 'ledger' | 'operator'>,
): Promise<void> {
  if (operator === null) return;
  const lateSince = new Date(now.getTime() - LATE_MS);
  for (const { id } of await ledger.editions({ lateSince }))
    await ledger.addDeliveries(id, [alertTo(operator, 'late')], now);
}

/** The editions that a brief's slots between two days, both included, would have had. */
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
  return newEdition(
    {
      brief: brief.id,
      asOf,
      paper,
      parameters: {},
      partOf: null,
      origin,
      slot: at,
      reach,
      correction: null,
    },
    { ownPaper: paper },
  );
}
