import { Temporal } from 'temporal-polyfill';
import { type Day, issueNumber } from '../../calendar.ts';
import type { Caller } from '../../ledger/principal.ts';
import type { EditionView } from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';
import type { Schedule } from '../../project/brief.ts';
import { comingSlots, slotsReporting } from '../../scheduler/slots.ts';
import { type Action, generateAction } from './actions.ts';
import { differences, editionHref, stateOf, tally } from './format.ts';

interface Shown {
  readonly href: string;
  readonly label: string;
  readonly day: string;
  readonly state: ReturnType<typeof stateOf>;
  readonly parts: { readonly label: string; readonly editions: readonly Omit<Shown, 'parts'>[] } | null;
}

interface CalendarDay {
  readonly asOf: Day;
  readonly label: string;
  readonly kind: 'made' | 'gap' | 'coming';
  readonly says: string;
  readonly editions: readonly Shown[];
  readonly actions: readonly Action[];
}

interface Week {
  readonly number: string;
  readonly days: readonly CalendarDay[];
}

/** The weeks of a year, grouped by the month in which they end. */
export interface CalendarMonth {
  readonly name: string;
  readonly weeks: readonly Week[];
}

/** The first and last day of the weeks that end in a year, from Monday to Sunday. */
export function daysOfYear(year: number): { from: Day; to: Day } {
  const sunday = (date: Temporal.PlainDate) => date.add({ days: 7 - date.dayOfWeek });
  const first = sunday(Temporal.PlainDate.from({ year, month: 1, day: 1 }));
  const last = sunday(Temporal.PlainDate.from({ year, month: 12, day: 31 }));
  return {
    from: first.subtract({ days: 6 }).toString(),
    to: (last.year === year ? last : last.subtract({ days: 7 })).toString(),
  };
}

/**
 * Every week of a year with a slot or an edition: the editions for each day that a slot reports on, the missing ones,
 * and the next one due.
 */
export function calendarOf({
  year,
  brief,
  editions,
  caller,
  now,
  locale,
}: {
  year: number;
  brief: { readonly id: string; readonly paper: string; readonly schedule: Schedule };
  /** The editions of the year, in any order. */
  editions: readonly EditionView[];
  caller: Caller;
  now: Date;
  locale: Locale;
}): CalendarMonth[] {
  const span = daysOfYear(year);
  const slots = slotsReporting(brief.schedule, span);
  const [first] = comingSlots(brief.schedule, now, 1);
  const next = slots.find(({ at, asOf }) => at > now && asOf === first?.asOf);
  // The editions of a fan-out are counted with the edition that they are part of.
  const ids = new Set(editions.map(({ id }) => id));
  const byDay = Map.groupBy(
    editions.filter(({ partOf }) => partOf === null || !ids.has(partOf)),
    ({ asOf }) => asOf,
  );
  const slotDays = new Map(
    slots.filter(({ at }) => at <= now || at === next?.at).map((slot) => [slot.asOf, slot]),
  );
  const days = [...new Set([...slotDays.keys(), ...byDay.keys()])].toSorted().map((asOf): CalendarDay => {
    const made = byDay.get(asOf) ?? [];
    const coming = slotDays.get(asOf)?.at === next?.at && next !== undefined;
    const isGap = made.length === 0 && !coming;
    return {
      asOf,
      label: locale.weekdayOfYear(asOf),
      kind: made.length > 0 ? 'made' : coming ? 'coming' : 'gap',
      says: coming
        ? locale.text('web.brief.due', {
            at: locale.moment(next.at, { timeZone: brief.schedule.timezone, weekday: true }),
          })
        : locale.text('web.brief.missing'),
      editions: made.map((each) => shown(each, { editions, paper: brief.paper, locale })),
      actions: isGap && caller.may === 'operate' ? [generateAction(locale, brief.id, asOf)] : [],
    };
  });
  const weeks = [...Map.groupBy(days, ({ asOf }) => issueNumber(asOf).slice(0, 8))].map(([number, of]) => ({
    number: number.slice(5),
    days: of,
  }));
  const byMonth = Map.groupBy(weeks, ({ days: of }) =>
    locale.monthName(lastDayOfWeek(of[0]?.asOf ?? span.from)),
  );
  return [...byMonth].map(([name, of]) => ({ name, weeks: of }));
}

function lastDayOfWeek(day: Day): Day {
  const date = Temporal.PlainDate.from(day);
  return date.add({ days: 7 - date.dayOfWeek }).toString();
}

function shown(
  edition: EditionView,
  { editions, paper, locale }: { editions: readonly EditionView[]; paper: string; locale: Locale },
): Shown {
  const parts = editions.filter(({ partOf }) => partOf === edition.id);
  const day = locale.longDay(edition.asOf);
  return {
    href: editionHref(edition.id),
    label:
      differences(locale, edition, paper) ||
      locale.text(parts.length > 0 ? 'web.brief.all_parts' : 'web.brief.edition'),
    day,
    state: stateOf(locale, edition),
    parts:
      parts.length === 0
        ? null
        : {
            label: locale.text('web.editions_with_states', {
              count: parts.length,
              states: tally(locale, parts),
            }),
            editions: parts.map((part) => ({
              href: editionHref(part.id),
              label: part.title?.replace(/^.*?: /, '') ?? differences(locale, part, paper),
              day,
              state: stateOf(locale, part),
            })),
          },
  };
}
