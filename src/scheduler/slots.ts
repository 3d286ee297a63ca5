import { Cron } from 'croner';
import { Temporal } from 'temporal-polyfill';
import type { Day } from '../calendar.ts';
import type { Schedule } from '../project/brief.ts';

/** When a brief is due, and the last day that its edition reports on. */
export interface Slot {
  readonly at: Date;
  readonly asOf: Day;
}

/** A slot handled within this time is on time, so that a restart near the slot does not count as a miss. */
export const ON_TIME_MS = 15 * 60_000;

/** The next `count` slots after `now`. */
export function comingSlots({ cron, timezone }: Schedule, now: Date, count: number): Slot[] {
  return new Cron(cron, { timezone, paused: true })
    .nextRuns(count, now)
    .map((at) => ({ at, asOf: reportsThrough(at, timezone) }));
}

/** Every slot after `after`, up to and including `until`, in order. */
export function slotsBetween({ cron, timezone }: Schedule, after: Date, until: Date): Slot[] {
  const pattern = new Cron(cron, { timezone, paused: true });
  const slots: Slot[] = [];
  for (let at = pattern.nextRun(after); at !== null && at <= until; at = pattern.nextRun(at))
    slots.push({ at, asOf: reportsThrough(at, timezone) });
  return slots;
}

/** The slots whose last reported day is between `from` and `to`, both included: the first slot of each day. */
export function slotsReporting(schedule: Schedule, { from, to }: { from: Day; to: Day }): Slot[] {
  // In every time zone, the day after `to` is over within three days of midnight UTC at the start of `to`.
  const until = Date.parse(`${to}T00:00:00Z`) + 3 * 86_400_000;
  const slots = slotsBetween(schedule, new Date(`${from}T00:00:00Z`), new Date(until));
  return firstOfEachDay(slots).filter(({ asOf }) => asOf >= from && asOf <= to);
}

/** Editions report on whole days, even if a brief is due several times a day. */
const firstOfEachDay = (slots: readonly Slot[]): Slot[] =>
  [...new Map(slots.toReversed().map((slot) => [slot.asOf, slot])).values()].toReversed();

/**
 * The slots due since `cursor`, divided into those to issue and those to skip. If a brief is due several times a day,
 * only the first slot of each day counts. After the clock goes back, there are no slots until it has caught up.
 */
export function dueSlots(schedule: Schedule, { cursor, now }: { cursor: Date; now: Date }) {
  const all = slotsBetween(schedule, cursor, now);
  const byDay = firstOfEachDay(all);
  const reasons = new Map<Slot, string>();
  const skipUnlessGiven = (slot: Slot, reason: string) =>
    void (reasons.has(slot) || reasons.set(slot, `Missed, and skipped because ${reason}.`));
  const lateAfterMs = Temporal.Duration.from(schedule.maxLateness).total({
    unit: 'milliseconds',
    relativeTo: '2021-01-01',
  });
  const missed = byDay.filter(({ at }) => now.getTime() - at.getTime() > ON_TIME_MS);
  for (const slot of missed) {
    if (schedule.catchUp === 'skip') skipUnlessGiven(slot, 'catchUp is skip');
    if (now.getTime() - slot.at.getTime() > lateAfterMs)
      skipUnlessGiven(slot, `it is later than maxLateness (${schedule.maxLateness})`);
  }
  const left = byDay.filter((slot) => !reasons.has(slot));
  if (schedule.catchUp === 'latest')
    for (const slot of left.slice(0, -1)) skipUnlessGiven(slot, 'catchUp is latest and a later slot is due');
  for (const slot of left.slice(0, -schedule.most))
    skipUnlessGiven(slot, `more than ${schedule.most} slots were missed at once`);
  return {
    issue: byDay.filter((slot) => !reasons.has(slot)),
    skip: [...reasons].map(([slot, reason]) => ({ slot, reason })),
    /** The slot to continue from: the last one examined, or the old cursor if there was none. */
    cursor: all.at(-1)?.at ?? cursor,
  };
}

/** A slot's edition reports up to the previous local day. */
function reportsThrough(at: Date, timezone: string): Day {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime())
    .toZonedDateTimeISO(timezone)
    .toPlainDate()
    .subtract({ days: 1 })
    .toString();
}
