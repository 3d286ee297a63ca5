import type { Day } from '../../calendar.ts';
import type { Dataset } from '../../dataset/schema.ts';
import { describeFault } from '../../errors.ts';
import { durationOf } from '../../formats.ts';
import type { Caller } from '../../ledger/principal.ts';
import type { BriefDetail, EditionView } from '../../ledger/views.ts';
import type { Locale } from '../../locale.ts';
import { type Brief, papers } from '../../project/brief.ts';
import { type CalendarMonth, calendarOf } from './calendar.ts';
import { namesIn } from './evidence.ts';
import { briefHref, channelName, instant, tally } from './format.ts';

interface BriefPageData {
  readonly view: BriefDetail;
  /** Null if the brief cannot be read. */
  readonly brief: Brief | null;
  readonly dataset: Dataset | null;
  readonly editions: readonly EditionView[];
  readonly year: number;
  /** The last day that the data cover. */
  readonly covered: Day | null;
  readonly caller: Caller;
  readonly now: Date;
  readonly locale: Locale;
}

export function briefPage(data: BriefPageData) {
  const { view, brief, editions, year, covered, caller, now, locale } = data;
  const { text, tag } = locale;
  const { id, marking, schedule, next, paper, parameters, forEach } = view;
  const months = brief
    ? calendarOf({ year, brief: { id, ...brief.config }, editions, caller, now, locale })
    : [];
  const href = briefHref(id);
  const operates = caller.may === 'operate';
  const fact = (label: string, words: string) => ({ label, text: words, at: null });
  return {
    title: view.title,
    trail: [{ href: '/', label: text('web.nav.briefs') }],
    about: view.subject,
    marking,
    reasons: view.faults.length === 0 ? null : view.faults.map((fault) => describeFault(fault)),
    facts: [
      fact(text('web.brief.name'), id),
      ...(schedule
        ? [
            fact(
              text('web.brief.schedule'),
              text('web.brief.schedule_of', { cron: schedule.cron, timeZone: schedule.timezone }),
            ),
          ]
        : []),
      ...(next && schedule
        ? [
            {
              label: text('web.brief.next'),
              text: locale.moment(next.at, { timeZone: schedule.timezone, weekday: true }),
              at: instant(locale, next.at),
            },
          ]
        : []),
      ...(brief ? [fact(text('web.brief.period'), durationOf(tag, brief.config.period))] : []),
      ...(paper ? [fact(text('web.brief.paper'), paper)] : []),
      ...(covered ? [fact(text('web.brief.covered'), locale.longDay(covered))] : []),
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
const missingIn = (months: readonly CalendarMonth[]): number =>
  months
    .flatMap(({ weeks }) => weeks)
    .flatMap(({ days }) => days)
    .filter(({ kind }) => kind === 'gap').length;
