import { type Day, dayAfter, daysBetween, type Period, periodEnding, today } from '../calendar.ts';
import { type ImportRecord, lastCovered, reportedBy } from '../dataset/incidents.ts';
import { knownBy } from '../dataset/point-in-time.ts';
import type { Dataset, RowOf, Tables } from '../dataset/schema.ts';
import { topicTitle } from '../dataset/settings.ts';
import { spelled } from '../dataset/wording.ts';
import { type Brief, type BriefConfig, briefTopics } from '../project/brief.ts';
import { sourceChain } from './row-details.ts';

/** The topics that a brief reports on; for a brief on all topics, those for which the dataset has rows. */
const topicsOf = (
  config: Pick<BriefConfig, 'topic' | 'topics'>,
  { settings, tables: { coverage, events, measures } }: Pick<Dataset, 'settings' | 'tables'>,
): readonly string[] => {
  const topics = briefTopics(config);
  if (topics !== 'all') return topics;
  const found = new Set([...coverage, ...events, ...measures].map((row) => row.topic));
  return settings.topics.flatMap(({ name }) => (found.has(name) ? [name] : []));
};

/** The number of days in the period covered by at least one span. */
const coveredDays = (rows: readonly RowOf<'coverage'>[], { start, days }: { start: Day; days: number }) =>
  Array.from({ length: days }, (_, index) => dayAfter(start, index)).filter((day) =>
    rows.some((row) => row.start <= day && day <= row.end),
  ).length;

const latest = (days: readonly Day[]): Day | undefined => days.toSorted().at(-1);

interface Of {
  readonly topics: readonly string[];
  readonly known: Tables;
  readonly asOf: Day;
}

const reportsOn = ({ topics, known }: Pick<Of, 'topics' | 'known'>) =>
  [...known.events, ...known.measures].filter(({ topic }) => topics.includes(topic));

/** Whether reports became known after `day` and by the cut-off. */
const hasReportsAfter = (day: Day, of: Of): boolean =>
  reportsOn(of).some(({ known_on }) => known_on > day && known_on <= of.asOf);

/**
 * The last day of all known coverage, if before the cut-off. Null if coverage continues, if none is on record, or if
 * reports came in after its end, which means that something was still collected.
 */
function endOfCoverage({ topics, known, asOf }: Of): Day | null {
  const last = latest(known.coverage.filter(({ topic }) => topics.includes(topic)).map(({ end }) => end));
  return last === undefined || last >= asOf || hasReportsAfter(last, { topics, known, asOf }) ? null : last;
}

/** The first day on which a judgment counts as current: the start of the period, or of the last period covered. */
function currentFrom({ start }: Period, { ended, length }: { ended: Day | null; length: string }): Day {
  const last = ended === null ? start : periodEnding(ended, length).start;
  return last < start ? last : start;
}

interface Page extends Pick<Dataset, 'settings' | 'tables'> {
  readonly brief: Pick<Brief, 'config' | 'locale'>;
  readonly period: Period;
  readonly known: Tables;
}

/**
 * How much of the period was covered by collection, from which day on judgments are current, and when the contents of
 * the edition were read. On days that were not covered, the absence of reports does not mean that nothing happened. A
 * dataset with no coverage rows gets no notices. `tables` has all rows of the dataset; `isReported`, whether the page
 * reports something besides events and measures on its topics.
 */
export function coverageOf(
  { brief: { config, locale }, period, known, tables, settings }: Page,
  { isReported }: { isReported: boolean },
) {
  const { start, asOf } = period;
  const of = { topics: topicsOf(config, { settings, tables }), known, asOf };
  const titlesOf = (topics: readonly string[]) =>
    locale.list(topics.map((topic) => topicTitle(topic, settings)));
  const isRecorded = tables.coverage.length > 0;
  const days = daysBetween(start, asOf);
  /** Both numbers of a notice in words, or both in digits. */
  const print = (count: number) => (days > 10 ? locale.number(count) : spelled(count, locale));
  const spans = of.topics.map((topic) => {
    const rows = known.coverage.filter((row) => row.topic === topic);
    const last = latest(rows.map(({ end }) => end));
    const covered = coveredDays(rows, { start, days });
    const behind = hasReportsAfter(last ?? asOf, { topics: [topic], known, asOf });
    return { topic, ids: rows.map(({ id }) => id), covered, last, behind };
  });
  const incomplete = spans.filter(({ covered }) => isRecorded && covered < days);
  const alike = Map.groupBy(incomplete, ({ covered, last, behind }) => `${covered} ${last} ${behind}`);
  const notices = [...alike.values()].flatMap((group) =>
    group.slice(0, 1).map(({ covered, last, behind }) => ({
      ids: group.flatMap(({ ids }) => ids),
      names: titlesOf(group.map(({ topic }) => topic)).replace(/^./, (letter) => letter.toUpperCase()),
      ended: last !== undefined && last < asOf ? locale.longDay(last) : null,
      /** Whether reports came in after the end of coverage, which means that its record is out of date. */
      behind,
      started: last !== undefined,
      /** `three`, of the number in `days`; null for none. */
      covered: covered === 0 ? null : print(covered),
      count: covered,
      days: print(days),
    })),
  );
  const ended = endOfCoverage(of);
  const silent = of.topics.filter((topic) => reportsOn({ topics: [topic], known }).length === 0);
  const reported = isReported || silent.length < of.topics.length;
  return {
    coverage: {
      notices,
      ids: spans.flatMap(({ ids }) => ids),
      /** The last day of coverage, if before the cut-off: the page's "known by" day. */
      until: ended === null ? null : locale.longDay(ended),
      complete: notices.length === 0,
      /** Whether no day of the period is covered on any topic. */
      none: isRecorded && spans.every(({ covered }) => covered === 0),
      reported,
      /** The titles of the topics without a report, as a list; null if there are none, or no reports at all. */
      silent: reported && silent.length > 0 ? titlesOf(silent) : null,
    },
    currentFrom: currentFrom(period, { ended, length: config.period }),
    readOn: readAfterwards({ ...of, tables }),
  };
}

/** The coverage data available to templates. */
export type Coverage = ReturnType<typeof coverageOf>['coverage'];

/**
 * The day on which the contents of an edition were read, the last one if there are several, if after the cut-off: the
 * edition is then a reconstruction. Null for an ordinary edition. `tables` has all rows of the dataset, including later ones.
 *
 * A source that was public before its carrier was read only with its carrier.
 */
function readAfterwards({
  topics,
  known,
  asOf,
  tables,
}: Of & { readonly tables: Tables }): { readonly day: Day; readonly isOnly: boolean } | null {
  const sources = new Map<string, RowOf<'sources'>>();
  for (const source of tables.sources) {
    const other = sources.get(source.id);
    if (other === undefined || source.known_on < other.known_on) sources.set(source.id, source);
  }
  const find = (id: string) => sources.get(id);
  /** The days on which a source's carriers became known, if later than the source itself. */
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
    // Nothing on the topic came through a later source, but before the first source read directly nothing had been read
    // either.
    const own = [...sources.values()].filter(({ via, basis }) => via === null && basis !== 'external');
    const first = own.map(({ known_on }) => known_on).toSorted()[0];
    const isRelayed = [...sources.keys()].some((id) => carriedOn(id).length > 0);
    if (first !== undefined && asOf < first && isRelayed) days.add(first);
  }
  const last = latest([...days]);
  return last === undefined ? null : { day: last, isOnly: days.size === 1 };
}

/**
 * What the imports of incidents do not cover, although it could have been reported by the cut-off. If no import has the
 * newest days, `until` is the last day covered. Otherwise `countries` are those whose newest days are missing, as ISO
 * 3166-1 alpha-2, without those that have not been covered for a year.
 */
export function uncoveredByImports(
  imports: readonly ImportRecord[],
  asOf: Day,
): { readonly until: Day | null; readonly countries: readonly string[] } {
  const covers = (each: ImportRecord, day: Day) => (lastCovered(each) ?? '') >= day;
  const upToDate = imports.filter((each) => covers(each, dayAfter(asOf, -(each.lag_days ?? 0))));
  if (upToDate.length === 0)
    return { until: latest(imports.flatMap((each) => lastCovered(each) ?? [])) ?? null, countries: [] };
  const lastYear = imports.filter((each) => covers(each, dayAfter(asOf, -365)));
  const has = new Set(upToDate.flatMap(({ countries }) => countries));
  const missing = lastYear.flatMap(({ countries }) => countries).filter((country) => !has.has(country));
  return { until: null, countries: [...new Set(missing)].toSorted() };
}

/**
 * The last day that the dataset covers, or today in the time zone if that is earlier, and which of the two it is. A
 * dataset with incidents and nothing else covers the days until they have been reported.
 */
export function defaultAsOf(
  { tables, incidents }: Dataset,
  timezone: string,
  now: Date,
): { asOf: Day; why: string } {
  const current = today(now, timezone);
  const known = knownBy(tables, current);
  const isOfIncidents = known.coverage.length === 0 && known.events.length === 0;
  const last = isOfIncidents ? reportedBy(incidents) : (latest(known.coverage.map(({ end }) => end)) ?? null);
  if (last === null || current < last) return { asOf: current, why: 'today' };
  return {
    asOf: last,
    why: isOfIncidents
      ? 'the last day of the incidents, and their reporting lag'
      : 'the last day that the data cover',
  };
}
