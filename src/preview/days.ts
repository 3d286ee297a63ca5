import { type Day, dayAfter } from '../calendar.ts';
import type { Schedule } from '../project/brief.ts';
import { slotsBetween } from '../scheduler/slots.ts';

const DAY_MS = 86_400_000;
/** Search ranges, tried in order, so that neither an hourly nor a yearly schedule takes long. */
const spansDays = [3, 40, 400];

/** The nearest days before and after `asOf` that end the period of a scheduled slot; null if there is none nearby. */
export function slotDaysAround(schedule: Schedule, asOf: Day): { previous: Day | null; next: Day | null } {
  const midnight = Date.parse(`${asOf}T00:00:00Z`);
  const days = (from: number, to: number) =>
    slotsBetween(schedule, new Date(midnight + from * DAY_MS), new Date(midnight + to * DAY_MS)).map(
      (slot) => slot.asOf,
    );
  const first = (look: (span: number) => Day | undefined): Day | null => {
    for (const span of spansDays) {
      const found = look(span);
      if (found !== undefined) return found;
    }
    return null;
  };
  return {
    // In any time zone, a slot is due after the last day of its period.
    previous: first((span) => days(-span, 3).findLast((day) => day < asOf)),
    next: first((span) => days(0, span + 2).find((day) => day >= dayAfter(asOf))),
  };
}
