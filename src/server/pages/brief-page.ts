import { Temporal } from 'temporal-polyfill';
import { generateAction } from './actions.ts';
import { namesIn } from './evidence.ts';
import { briefHref, channelName, differences, editionHref, factIn, stateOf, tally } from './format.ts';
import { type BriefPageData, daysOfYear } from './queries.ts';
import { type Day, issueNumber } from '../../calendar.ts';
import { describeOnPage } from '../problem.ts';
import { durationOf } from '../../formats.ts';
import type { EditionView } from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';
import { papers, type Schedule } from '../../project/brief.ts';
import { comingSlots, slotsReporting } from '../../scheduler/slots.ts';

export function briefPage(data: BriefPageData) {
  const { view, brief, editions, year, covered, caller, now, locale } = data;
  const { text, tag } = locale;
  const { id, marking, schedule, next, paper, parameters, forEach } = view;
  const months = brief ? calendarOf({ ...data, brief: { id, ...brief.config } }) : [];
  const href = briefHref(id);
  const operates = caller.may === 'operate';
  const fact = factIn(locale);
  const timeZone = schedule?.timezone ?? 'UTC';
  return {
    title: view.title,
    trail: [{ href: '/', label: text('web.nav.briefs') }],
    about: view.subject,
    marking,
    reasons: view.faults.length === 0 ? null : view.faults.map(describeOnPage),
    facts: [
      ...fact(text('web.brief.name'), id),
      ...fact(
        text('web.brief.schedule'),
        schedule && text('web.brief.schedule_of', { cron: schedule.cron, timeZone }),
      ),
      ...fact(text('web.brief.next'), next && locale.moment(next.at, { timeZone, weekday: true }), next?.at),
      ...fact(text('web.brief.period'), brief && durationOf(tag, brief.config.period)),
      ...fact(text('web.brief.paper'), paper),
      ...fact(text('web.brief.covered'), covered && locale.longDay(covered)),
    ],
    form: operates && brief ? formOf(data) : null,
    year: {
      label: text('web.brief.history', { year: String(year) }),
      before: { label: String(year - 1), href: `${href}?year=${year - 1}` },
      after:
        year < now.getUTCFullYear() ? { label: String(year + 1), href: `${href}?year=${year + 1}` } : null,
      tally: text('web.brief.tally', {
        count: editions.length,
        states: tally(locale, editions),
        missing: missingIn(months),
      }),
    },
    months,
    forEach: forEach === null ? '' : text('web.brief.for_each', { query: forEach }),
    parameters: Object.entries(parameters).map(([name, { type, optional, idOf }]) => ({
      name,
      type,
      required: text(optional ? 'web.brief.required_no' : 'web.brief.required_yes'),
      idOf: idOf ?? text('web.none'),
    })),
    targets: operates
      ? view.targets.map((each) => ({ ...each, channel: channelName(locale, each.channel) }))
      : [],
  };
}

function formOf({ view, dataset, covered, caller, locale }: BriefPageData) {
  const { id, paper, parameters, forEach, lastAsOf } = view;
  const latest = covered !== null && lastAsOf !== null && lastAsOf < covered ? lastAsOf : covered;
  return {
    action: `${briefHref(id)}/editions`,
    asOf: latest ?? lastAsOf ?? '',
    last: lastAsOf,
    papers: papers.map((name) => ({ name, own: name === paper })),
    parameters: Object.entries(parameters).map(([name, { type, optional, idOf }]) => ({
      name,
      choices: dataset && covered && idOf ? namesIn(dataset, { table: idOf, asOf: covered, caller }) : null,
      // An empty field in a brief that fans out requests all its editions.
      optional: optional || forEach !== null,
      type: type === 'date' ? 'date' : type === 'integer' ? 'number' : 'text',
    })),
    hint: locale.text(forEach === null ? 'web.brief.form.hint' : 'web.brief.form.hint_for_each'),
  };
}

/** The number of days that a slot reported on, but for which there is no edition. */
const missingIn = (months: ReturnType<typeof calendarOf>): number =>
  months
    .flatMap(({ weeks }) => weeks)
    .flatMap(({ days }) => days)
    .filter(({ kind }) => kind === 'gap').length;

/**
 * The weeks of a year by the month in which they end: what was generated for each day that a slot reports on, what is
 * missing, and what is next.
 */
export function calendarOf({
  year,
  brief,
  editions,
  caller,
  now,
  locale,
}: Pick<BriefPageData, 'year' | 'editions' | 'caller' | 'now' | 'locale'> & {
  brief: { readonly id: string; readonly paper: string; readonly schedule: Schedule };
}) {
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
  const days = [...new Set([...slotDays.keys(), ...byDay.keys()])].toSorted().map((asOf) => {
    const made = byDay.get(asOf) ?? [];
    const coming = slotDays.get(asOf)?.at === next?.at && next !== undefined;
    const isGap = made.length === 0 && !coming;
    return {
      asOf,
      label: locale.weekdayOfYear(asOf),
      kind: made.length > 0 ? ('made' as const) : coming ? ('coming' as const) : ('gap' as const),
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
) {
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
