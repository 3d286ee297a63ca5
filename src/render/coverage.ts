import { type Day, dayAfter, daysBetween, type Period, periodEnding, today } from '../calendar.ts';
import { knownBy } from '../dataset/point-in-time.ts';
import type { Dataset, RowOf, Tables } from '../dataset/schema.ts';
import { topicTitle } from '../dataset/settings.ts';
import { longDay, spelled } from '../dataset/wording.ts';
import { type BriefConfig, briefTopics } from '../project/brief.ts';
import { sourceChain } from './citations.ts';

/** The topics that a brief reports on: of one on all topics, those that its dataset has anything on. */
export const topicsOf = (
  config: Pick<BriefConfig, 'topic' | 'topics'>,
  { settings, tables: { coverage, events, measures } }: Pick<Dataset, 'settings' | 'tables'>,
): readonly string[] => {
  const topics = briefTopics(config);
  if (topics !== 'all') return topics;
  const found = new Set([...coverage, ...events, ...measures].map((row) => row.topic));
  return settings.topics.flatMap(({ name }) => (found.has(name) ? [name] : []));
};

const daysOf = ({ start, asOf }: Pick<Period, 'start' | 'asOf'>): number => daysBetween(start, asOf);

/** The days of the period that at least one span covers. */
function coveredDays(
  rows: readonly RowOf<'coverage'>[],
  { start, asOf }: Pick<Period, 'start' | 'asOf'>,
): number {
  let covered = 0;
  for (let next = start; next <= asOf; next = dayAfter(next)) {
    if (rows.some((row) => row.start <= next && next <= row.end)) covered += 1;
  }
  return covered;
}

const latest = (days: readonly Day[]): Day | undefined => days.toSorted().at(-1);

interface Of {
  readonly topics: readonly string[];
  readonly known: Tables;
  readonly asOf: Day;
}

const reportsOn = ({ topics, known }: Pick<Of, 'topics' | 'known'>) =>
  [...known.events, ...known.measures].filter(({ topic }) => topics.includes(topic));

/** Whether reports became known after `day`, up to the cut-off. */
const hasReportsAfter = (day: Day, of: Of): boolean =>
  reportsOn(of).some(({ known_on }) => known_on > day && known_on <= of.asOf);

/**
 * The last day of all coverage that the edition knows of, where that was before its cut-off. Null while coverage goes
 * on, where none is on record, and where reports came in after its end: then something was collected all the same.
 */
export function endOfCoverage({ topics, known, asOf }: Of): Day | null {
  const last = latest(known.coverage.filter(({ topic }) => topics.includes(topic)).map(({ end }) => end));
  return last === undefined || last >= asOf || hasReportsAfter(last, { topics, known, asOf }) ? null : last;
}

/**
 * The first day on which a judgment counts as current: the start of the period, or of the last period that was covered.
 */
export function currentFrom(
  { start }: Period,
  { ended, length }: { ended: Day | null; length: string },
): Day {
  return ended === null ? start : ([start, periodEnding(ended, length).start].toSorted()[0] ?? start);
}

/** How many days of a period are covered, and how many it has: both in words, or both in digits. */
const dayCounts = (covered: number, days: number): { covered: string; days: string } =>
  days > 10
    ? { covered: String(covered), days: String(days) }
    : { covered: spelled(covered), days: spelled(days) };

/**
 * What of the period was collected at all. Outside it, the absence of reports does not mean that nothing happened. A
 * dataset that keeps no record of coverage, of which `tables` are all rows, gives nothing to say.
 */
export function coverageOf({
  topics,
  known,
  asOf,
  start,
  settings,
  tables,
}: Of & Pick<Period, 'start'> & Pick<Dataset, 'settings' | 'tables'>) {
  if (tables.coverage.length === 0) return { notices: [], ids: [], until: null, complete: true, none: false };
  const days = daysOf({ start, asOf });
  const spans = topics.map((topic) => {
    const rows = known.coverage.filter((row) => row.topic === topic);
    const last = latest(rows.map(({ end }) => end));
    const covered = coveredDays(rows, { start, asOf });
    const behind = hasReportsAfter(last ?? asOf, { topics: [topic], known, asOf });
    return { topic, ids: rows.map(({ id }) => id), covered, last, behind };
  });
  const incomplete = spans.filter(({ covered }) => covered < days);
  const alike = Map.groupBy(incomplete, ({ covered, last, behind }) => `${covered} ${last} ${behind}`);
  const notices = [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { covered, last, behind } = first;
    const counts = dayCounts(covered, days);
    return [
      {
        ids: group.flatMap(({ ids }) => ids),
        names: capitalised(group.map(({ topic }) => topicTitle(topic, settings)).join(', ')),
        ended: last !== undefined && last < asOf ? longDay(last) : null,
        /** Whether reports came in after the end of coverage: the record of it is behind then. */
        behind,
        started: last !== undefined,
        /** `three are` of the `days`. */
        covered: covered === 0 ? null : `${counts.covered} ${covered === 1 ? 'is' : 'are'}`,
        days: counts.days,
      },
    ];
  });
  const ended = endOfCoverage({ topics, known, asOf });
  return {
    notices,
    ids: spans.flatMap(({ ids }) => ids),
    /** The last day of coverage, when that was before the cut-off: what the page says was known by then. */
    until: ended === null ? null : longDay(ended),
    complete: notices.length === 0,
    /** Whether no day of the period is covered on any topic. */
    none: spans.every(({ covered }) => covered === 0),
  };
}

/** What a template is given to print about it. */
export type Coverage = ReturnType<typeof coverageOf>;

const capitalised = (text: string): string => text.replace(/^./, (first) => first.toUpperCase());

/**
 * When the desk read what an edition is made from, in words, where that was after the cut-off: the edition is a
 * reconstruction then. Null for an ordinary edition. `tables` are those of the dataset, with all that came later.
 *
 * A source that was public before the source that carried it to the desk was read by the desk only with its carrier.
 */
export function readAfterwards({
  topics,
  known,
  asOf,
  tables,
}: Of & { readonly tables: Tables }): string | null {
  const sources = new Map<string, RowOf<'sources'>>();
  for (const source of tables.sources) {
    const other = sources.get(source.id);
    if (other === undefined || source.known_on < other.known_on) sources.set(source.id, source);
  }
  const find = (id: string) => sources.get(id);
  /** The days on which the desk had what carried a source, where that was later than the source itself. */
  const carriedOn = (id: string): Day[] => {
    const own = find(id)?.known_on ?? '';
    return sourceChain(id, find)
      .flatMap((each) => find(each)?.known_on ?? [])
      .filter((day) => day > own);
  };
  const shown = new Set(reportsOn({ topics, known }).flatMap(({ source }) => source ?? []));
  const inTime = [...shown].filter((id) => (find(id)?.known_on ?? asOf) <= asOf);
  const days = new Set(inTime.flatMap(carriedOn).filter((day) => day > asOf));
  if (days.size === 0) {
    // Nothing on the topic came through a later source. Before its first reading the desk had nothing all the same.
    const own = [...sources.values()].filter(({ via, basis }) => via === null && basis !== 'external');
    const first = own.map(({ known_on }) => known_on).toSorted()[0];
    const isRetold = [...sources.keys()].some((id) => carriedOn(id).length > 0);
    if (first !== undefined && asOf < first && isRetold) days.add(first);
  }
  const last = latest([...days]);
  return last === undefined ? null : `${days.size === 1 ? 'on' : 'by'} ${longDay(last)}`;
}

/** The last day that the dataset covers, or today in a time zone if that is earlier, and which of the two. */
export function defaultAsOf({ tables }: Dataset, timezone: string, now: Date): { asOf: Day; why: string } {
  const current = today(now, timezone);
  const last = latest(knownBy(tables, current).coverage.map(({ end }) => end));
  return last === undefined || current < last
    ? { asOf: current, why: 'today' }
    : { asOf: last, why: 'the last day that the data cover' };
}
