import { cutOff, type Day, daysBetween, issueNumber, type Period } from '../calendar.ts';
import type { Corrected, Correction } from '../dataset/corrections.ts';
import type { Row, RowSets } from '../dataset/parse-rows.ts';
import { type Change, knownBy } from '../dataset/point-in-time.ts';
import { eachRow } from '../dataset/references.ts';
import type { Tables } from '../dataset/schema.ts';
import type { DatasetSettings } from '../dataset/settings.ts';
import { daySpan, longDay, shortDay, shortMonth, weekday } from '../dataset/wording.ts';
import { type Finding, type Findings, missingFindings } from '../findings/analyse.ts';
import type { Brief, Paper } from '../project/brief.ts';
import type { Parameters } from '../project/parameters.ts';
import type { AppliedParameter } from '../query/select.ts';
import { figuresBefore, type JudgmentChange, listedChanges, revisedFields } from './changes.ts';
import { Evidence, titleOf } from './citations.ts';
import {
  type Coverage,
  coverageOf,
  currentFrom,
  endOfCoverage,
  readAfterwards,
  topicsOf,
} from './coverage.ts';
import { pageHelpers } from './helpers.ts';
import { asPrinted, rowsAsPrinted } from './row-value.ts';
import { SourceName } from './source-name.ts';
import type { NamesOf } from './template-check.ts';
import { compileTemplate, type Template } from './template.ts';
import { type Provenance, type Put, tracePut, withoutTraces } from './trace.ts';

/** A chart as drawn, with its rows. */
export interface Figure {
  readonly name: string;
  readonly svg: string;
  readonly rows: readonly Row[];
  /** The ids in the rows' column `cites`; null if there are none. */
  readonly cites: readonly string[] | null;
  /** Rows by data set of the spec. */
  readonly data: { readonly [set: string]: readonly Row[] };
  /** The judgment above the chart. */
  readonly caption: { readonly id: string; readonly text: string } | null;
  readonly title: string;
  readonly note: string | null;
  readonly map: boolean;
}

export interface Composition {
  readonly brief: Brief;
  readonly period: Period;
  readonly paper: Paper;
  /** The brief's title with the edition's parameters. */
  readonly title: string;
  readonly parameters: Parameters;
  readonly applied: readonly AppliedParameter[];
  readonly known: Tables;
  /** All tables of the dataset, including rows that became known after the cut-off. */
  readonly tables: Tables;
  readonly settings: DatasetSettings;
  readonly sets: RowSets;
  readonly findings: Findings;
  /** By name; null if the chart has no rows to draw. */
  readonly figures: { readonly [name: string]: Figure | null };
  readonly changes: readonly Change[];
  readonly judgmentChanges: readonly JudgmentChange[];
  /** For a revision, with its corrections. */
  readonly correction: (Correction & { readonly changes: readonly Corrected[] }) | null;
  readonly fontFaces: string;
}

/** TLP 2.0 (FIRST, August 2022): the colour of each label on black, and how far the document may be shared. */
const markings: {
  readonly [label in Brief['config']['marking']]: { colour: string; width: string; meaning: string };
} = {
  'TLP:RED': {
    colour: '#ff2b2b',
    width: '30mm',
    meaning: 'For the named recipients alone; not to be passed on.',
  },
  'TLP:AMBER+STRICT': {
    colour: '#ffc000',
    width: '46mm',
    meaning: "For the recipient's own organisation, where it is needed.",
  },
  'TLP:AMBER': {
    colour: '#ffc000',
    width: '30mm',
    meaning: "For the recipient's organisation and its clients, where it is needed.",
  },
  'TLP:GREEN': {
    colour: '#33ff00',
    width: '30mm',
    meaning: 'For the wider community of those concerned; not for publication.',
  },
  'TLP:CLEAR': { colour: '#ffffff', width: '30mm', meaning: 'May be shared without limit.' },
};

/** Letter is shorter and wider than A4: different margins give it the same space. */
const margins: { readonly [paper in Paper]: string } = { A4: '23mm 18mm 21mm', Letter: '18mm 17mm 16mm' };

/** Compiling a template takes longer than rendering it, and depends only on the brief. */
const templates = new WeakMap<Brief, Template>();

/**
 * Returns one self-contained HTML document, the same document with traces for the gate, its summary as plain text, the
 * ids of the rows shown, and the query results that the template used. With `explained`, also returns each expression
 * that printed something.
 */
export function compose(
  composition: Composition,
  { explained = false, check }: { explained?: boolean; check?: (() => void) | undefined } = {},
): {
  html: string;
  traced: string;
  summary: string[];
  used: string[];
  asked: RowSets;
  coverage: Coverage;
  puts: Put[];
} {
  const {
    brief,
    period,
    paper,
    title,
    parameters,
    applied,
    known,
    tables,
    settings,
    sets,
    findings,
    figures,
    changes,
    judgmentChanges,
    correction,
    fontFaces,
  } = composition;
  const evidence = new Evidence(known, findings, {
    all: tables,
    settings,
    missing: missingFindings(brief, { sets, findings }),
  });
  const { start, asOf } = period;
  const of = { topics: topicsOf(brief.config, { settings, tables }), known, asOf };
  const reports = new Set([...known.events, ...known.measures].map(({ id }) => id));
  const isReported =
    [...known.events, ...known.measures].some(({ topic }) => of.topics.includes(topic)) ||
    Object.values(sets).some((rows) => evidence.named(rows).some((id) => reports.has(id)));
  /** The source of a withdrawn row may have been withdrawn with it. */
  const sourceName = (row: Change['row']): SourceName | string => {
    const id = 'source' in row ? row.source : 'author' in row ? row.author : null;
    const source = known.sources.find((each) => each.id === id);
    if (source !== undefined) evidence.use(source.id);
    if (source === undefined) return id === null ? 'no source given' : 'source withdrawn';
    return new SourceName(source.name);
  };
  const computed = Object.fromEntries(
    Object.keys(brief.config.findings).map((name) => [name, findings[name] ?? null]),
  );
  const seen = askedFor({ sets, findings: computed, figures }, evidence);
  const judgedFrom = currentFrom(period, { ended: endOfCoverage(of), length: brief.config.period });
  const helpers = pageHelpers(evidence, { currentFrom: judgedFrom });
  const puts: Put[] = [];
  const onPut = (put: Put): string => tracePut(puts.push(put) - 1);
  const template = explained
    ? compileTemplate({ ...brief, names: namesIn(brief), helpers, traced: true, onPut })
    : (templates.get(brief) ?? compileTemplate({ ...brief, names: namesIn(brief), helpers, traced: true }));
  if (!explained) templates.set(brief, template);
  const printed = evidence.printedWith([
    ...evidence.named(Object.values(sets).flat()),
    ...Object.values(findings).flatMap(({ restsOn }) => restsOn),
    ...Object.values(figures).flatMap((figure) => (figure === null ? [] : idsIn(figure, evidence))),
  ]);
  const before = new Map(eachRow(knownBy(tables, period.previousAsOf)).map(({ row }) => [row.id, row]));
  const shown = listedChanges(changes, printed);
  const judged = judgmentChanges
    .filter(({ change, entry }) => change === 'dropped' || printed.has(entry.id))
    .map(({ change, entry, how }) => ({
      change,
      id: entry.id,
      number: 1 + (sets['key_judgments'] ?? []).findIndex(({ id }) => id === entry.id),
      title: titleOf(entry, settings),
      how,
      known_on: dayOf(entry.knownOn, asOf),
    }))
    .toSorted((a, b) => a.number - b.number);
  const page = {
    brief: { title, subject: brief.config.subject },
    // Includes every declared name, so that the guard rejects all others; null if a value is not given.
    parameters: Object.fromEntries(
      Object.keys(brief.config.parameters).map((name) => [
        name,
        Object.hasOwn(parameters, name) ? parameters[name] : null,
      ]),
    ),
    applied,
    marking: {
      label: brief.config.marking,
      ...markings[brief.config.marking],
    },
    issue: issueOf(brief, period),
    coverage: { ...coverageOf({ ...of, start, settings, tables }), reported: isReported },
    /** `on 25 August 2021`: when the page's contents were read, if after the cut-off. */
    reconstructed: readAfterwards({ ...of, tables }),
    paper: { size: paper, margin: margins[paper] },
    styles: brief.styles.text,
    fontFaces,
    rows: seen.rows,
    findings: seen.findings,
    charts: seen.charts,
    counts: {
      ...countsOf(shown.ofPage, judged),
      counted: shown.ofPage.length + judged.length,
      all: changes.length,
      tables: shown.tables,
      others: shown.others,
      listed: shown.listed.length + judged.length,
    },
    changes: shown.listed.map((each) => ({
      ...listed(each, settings),
      source: sourceName(each.row),
      fields: each.change === 'revised' ? revisedFields(before.get(each.id), each.row) : null,
      // A revised row has the day on which it first became known, then the day of its revision.
      ...(each.change === 'revised' && {
        known_on: dayOf(evidence.firstKnown(each.id) ?? each.knownOn, asOf),
        revised_on: dayOf(each.knownOn, asOf),
      }),
    })),
    judged,
    correction: correction && {
      revision: correction.revision,
      replaces: correction.replaces.revision,
      as_of: longDay(correction.asOf),
      counts: countsOf(correction.changes, []),
      changes: correction.changes.map((each) => ({
        ...listed(each, settings),
        // The day may be outside this issue's period, so it includes the year.
        known_on: shortDay(each.knownOn).replaceAll(' ', '\u00a0'),
        figures: figuresBefore(each),
      })),
    },
  };
  for (const { change, id } of changes) if (change !== 'withdrawn') evidence.use(id);
  for (const { id } of applied) if (id !== null) evidence.use(id);
  const traced = template(page, { helpers, check });
  const { used } = evidence;
  return {
    html: withoutTraces(traced),
    traced,
    summary: summaryOf(sets['bottom_line'], { evidence, coverage: page.coverage, judgedFrom }),
    used,
    asked: Object.fromEntries(seen.asked),
    coverage: page.coverage,
    puts,
  };
}

/** What a brief's template may name in each group of the page's names. */
export const namesIn = ({ queries, config: { findings, charts, parameters } }: Brief): NamesOf => ({
  rows: Object.keys(queries),
  findings: Object.keys(findings),
  charts: Object.keys(charts),
  parameters: Object.keys(parameters),
});

/**
 * The bottom line as plain text, one item per paragraph, for mail and lists: the rows of the query `bottom_line`, in
 * the words of the shared masthead. Empty for a brief without that query.
 */
function summaryOf(
  rows: readonly Row[] | undefined,
  {
    evidence,
    coverage: { until, reported },
    judgedFrom,
  }: {
    evidence: Evidence;
    coverage: { readonly until: string | null; readonly reported: boolean };
    judgedFrom: string;
  },
): string[] {
  if (rows === undefined) return [];
  const paragraphs = rows.flatMap(({ id, text }) => {
    if (typeof text !== 'string') return [];
    const row = typeof id === 'string' ? id : undefined;
    const date = row === undefined ? null : evidence.judgedOn(row);
    const age =
      row !== undefined && date !== null && date < judgedFrom
        ? ` (as of ${evidence.figure(row, 'date')})`
        : '';
    return [`${evidence.fill(text, row)}${age}`.replaceAll(/\s+/g, ' ').trim()];
  });
  if (paragraphs.length === 0)
    return [reported ? 'No bottom line has been written yet.' : 'We have no reporting on this topic.'];
  return until === null ? paragraphs : [`As known on ${until}, when collection ended:`, ...paragraphs];
}

/** The listed changes by kind. A judgment that was raised or lowered counts as revised, and a dropped one as withdrawn. */
const countsOf = (
  changes: readonly Change[],
  judged: readonly Pick<JudgmentChange, 'change'>[],
): { [kind in Change['change']]: number } => {
  const all: readonly string[] = [...changes, ...judged].map(({ change }) => change);
  const count = (...kinds: readonly string[]) => all.filter((kind) => kinds.includes(kind)).length;
  return {
    new: count('new'),
    revised: count('revised', 'raised', 'lowered'),
    withdrawn: count('withdrawn', 'dropped'),
  };
};

/** A change as printed in lists. */
const listed = (change: Change, settings: DatasetSettings) => ({
  change: change.change,
  id: change.id,
  title: titleOf(change, settings),
  known_on: dayOf(change.knownOn, change.knownOn),
  revised_on: null,
});

/** `25 Aug`, with the year if it differs from that of `asOf`. */
const dayOf = (day: Day, asOf: Day): string =>
  (day.slice(0, 4) === asOf.slice(0, 4) ? shortDay(day).replace(/ \d{4}$/, '') : shortDay(day)).replaceAll(
    ' ',
    '\u00a0',
  );

/** The ids of the rows shown in a drawing, and of its caption. */
const idsIn = ({ rows, data, caption }: Figure, evidence: Evidence): string[] => [
  ...evidence.named([...rows, ...Object.values(data).flat()]),
  ...(caption ? [caption.id] : []),
];

function issueOf({ config }: Brief, { start, asOf, previousAsOf }: Period) {
  const end = cutOff(asOf, config.schedule.timezone);
  const utc = end.withTimeZone('UTC').subtract({ minutes: 1 });
  const two = (value: number) => String(value).padStart(2, '0');
  const monthName = shortMonth(utc.toPlainDate().toString()).toUpperCase();
  return {
    number: issueNumber(asOf),
    period: daySpan(start, asOf),
    days: daysBetween(start, asOf),
    as_of: longDay(asOf),
    weekday: weekday(asOf),
    previous: longDay(previousAsOf),
    timezone: config.schedule.timezone.split('/').at(-1)?.replaceAll('_', ' ') ?? config.schedule.timezone,
    /** Date-time group of the last minute before the cut-off. */
    dtg: `${two(utc.day)}${two(utc.hour)}${two(utc.minute)}Z ${monthName} ${utc.year}`,
  };
}

interface Given {
  readonly sets: RowSets;
  /** By name; null if it could not be computed. */
  readonly findings: { readonly [name: string]: Findings[string] | null };
  readonly figures: { readonly [name: string]: Figure | null };
}

/**
 * Rows, findings and charts as the template sees them. Anything that the template reads, even only to test whether it
 * exists, counts as used, with every row that it names. A query that is never read had no effect on the page. `asked`
 * collects the rows of each query that is read.
 */
function askedFor({ sets, findings, figures }: Given, evidence: Evidence) {
  const asked = new Map<string, readonly Row[]>();
  const provenance =
    (from: string) =>
    (row: Row): Provenance => {
      const { id } = row;
      const ids = evidence.named([row]);
      return { from, own: typeof id === 'string' && ids.includes(id) ? id : null, ids };
    };
  const useNamed = (rows: readonly Row[]): void => {
    for (const id of evidence.named(rows)) evidence.use(id);
  };
  const seenFinding = (name: string, { fields, restsOn, rows, weeks = [] }: Finding) => {
    for (const id of restsOn) evidence.use(id);
    useNamed(rows);
    const of = { from: name, own: null, ids: restsOn };
    return {
      fields: asPrinted(fields, of),
      restsOn: asPrinted(restsOn, of),
      rows: rowsAsPrinted(rows, provenance(name)),
      weeks: rowsAsPrinted(weeks, provenance(name)),
    };
  };
  // Every chart drawn is attached with its rows, wherever the template puts it.
  for (const figure of Object.values(figures)) if (figure !== null) useFigure(evidence, figure);
  return {
    asked,
    rows: watched(sets, (name, rows) => {
      asked.set(name, rows);
      useNamed(rows);
      return rowsAsPrinted(rows, provenance(name));
    }),
    findings: watched(findings, (name, finding) => finding && seenFinding(name, finding)),
    charts: watched(figures, (_, figure) => figure && seenFigure(figure, provenance)),
  };
}

function seenFigure(
  { name, svg, title, note, map, rows, cites, caption }: Figure,
  provenance: (from: string) => (row: Row) => Provenance,
) {
  const [captioned = null] = caption ? rowsAsPrinted([{ ...caption }], provenance(name)) : [];
  return {
    name,
    svg,
    title,
    note,
    map,
    cites,
    caption: captioned,
    rows: rowsAsPrinted(rows, provenance(name)),
  };
}

/** Records that a drawing shows all its rows, and has its caption in the alternative text. */
function useFigure(evidence: Evidence, { rows, data, caption }: Figure): void {
  for (const id of evidence.named([...rows, ...Object.values(data).flat()])) evidence.use(id);
  if (caption === null) return;
  evidence.use(caption.id);
  evidence.fill(caption.text, caption.id);
}

function watched<T, S>(
  things: { readonly [name: string]: T },
  see: (name: string, thing: T) => S,
): { readonly [name: string]: S } {
  const seen = {};
  for (const [name, thing] of Object.entries(things)) {
    let known: { readonly view: S } | undefined;
    const get = () => (known ??= { view: see(name, thing) }).view;
    Object.defineProperty(seen, name, { enumerable: true, get });
  }
  return seen;
}
