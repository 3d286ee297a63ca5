import type { Day } from '../../calendar.ts';
import type { Dataset } from '../../dataset/schema.ts';
import { longDay } from '../../dataset/wording.ts';
import { localTime } from '../../editions/format.ts';
import { describeFault } from '../../errors.ts';
import type { Caller } from '../../ledger/principal.ts';
import type { BriefDetail, EditionView } from '../../ledger/views.ts';
import { type Brief, papers } from '../../project/brief.ts';
import { type CalendarMonth, calendarOf, tally } from './calendar.ts';
import { namesIn } from './evidence.ts';
import { briefHref, instant, lengthOf, plural } from './format.ts';

interface Told {
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
}

export function briefPage(told: Told) {
  const { view, brief, editions, year, covered, caller, now } = told;
  const { id, marking, schedule, next, paper, parameters, forEach } = view;
  const months = brief ? calendarOf({ year, brief: { id, ...brief.config }, editions, caller, now }) : [];
  const href = briefHref(id);
  const operates = caller.may === 'operate';
  return {
    title: view.title,
    trail: [{ href: '/', label: 'Briefs' }],
    about: view.subject,
    marking,
    reasons: view.faults.length === 0 ? null : view.faults.map((fault) => describeFault(fault)),
    facts: [
      { label: 'Name', text: id, at: null },
      ...(schedule ? [{ label: 'Schedule', text: `${schedule.cron}, ${schedule.timezone}`, at: null }] : []),
      ...(next && schedule
        ? [{ label: 'Next', text: localTime(next.at, schedule.timezone), at: instant(next.at) }]
        : []),
      ...(brief ? [{ label: 'Period', text: lengthOf(brief.config.period), at: null }] : []),
      ...(paper ? [{ label: 'Paper', text: paper, at: null }] : []),
      ...(covered ? [{ label: 'Data cover days to', text: longDay(covered), at: null }] : []),
    ],
    form: operates && brief ? formOf(told) : null,
    year: {
      label: `History ${year}`,
      before: { label: String(year - 1), href: `${href}?year=${year - 1}` },
      after:
        year < now.getUTCFullYear() ? { label: String(year + 1), href: `${href}?year=${year + 1}` } : null,
      tally: toldOf(months, editions),
    },
    months,
    fanned:
      forEach === null ? '' : `One edition for each row of the query “${forEach}”, whose columns they are.`,
    parameters: Object.entries(parameters).map(([name, { type, optional, idOf }]) => ({
      name,
      type,
      needed: optional ? 'if any' : 'yes',
      idOf: idOf ?? 'no table',
    })),
    targets: operates ? view.targets : [],
  };
}

function formOf({ view, dataset, covered, caller }: Told) {
  const { id, paper, parameters, forEach, lastAsOf } = view;
  const latest = covered !== null && lastAsOf !== null && lastAsOf < covered ? lastAsOf : covered;
  const fanned = forEach !== null;
  return {
    action: `${briefHref(id)}/editions`,
    asOf: latest ?? lastAsOf ?? '',
    last: lastAsOf,
    papers: papers.map((name) => ({ name, own: name === paper })),
    parameters: Object.entries(parameters).map(([name, { type, optional, idOf }]) => ({
      name,
      choices: dataset && covered && idOf ? namesIn(dataset, { table: idOf, asOf: covered, caller }) : null,
      // An empty field in a brief that fans out requests all its editions.
      optional: optional || fanned,
      type: type === 'date' ? 'date' : type === 'integer' ? 'number' : 'text',
    })),
    hint: `${fanned ? 'Without a value, every edition of that day is made. ' : ''}An edition that exists already is shown, and not made again.`,
  };
}

/** A summary of the year, such as `7 editions: 5 done, 2 held. 45 not made.` */
function toldOf(months: readonly CalendarMonth[], editions: readonly EditionView[]): string {
  const days = months.flatMap(({ weeks }) => weeks).flatMap((week) => week.days);
  const gaps = days.filter(({ kind }) => kind === 'gap').length;
  const made =
    editions.length === 0
      ? 'No edition.'
      : `${capital(plural(editions.length, 'edition'))}: ${tally(editions)}.`;
  return `${made}${gaps === 0 ? '' : ` ${capital(plural(gaps, 'slot'))} not made.`}`;
}

const capital = (text: string): string => text.replace(/^./, (first) => first.toUpperCase());
