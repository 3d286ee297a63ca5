import { daysBetween, issueNumber, type Period } from '../calendar.ts';
import type { Corrected, Correction } from '../dataset/corrections.ts';
import type { Freshness } from '../dataset/freshness.ts';
import type { IncidentView } from '../dataset/incidents.ts';
import type { RowSets } from '../dataset/parse-rows.ts';
import { markingColours } from '../dataset/fields.ts';
import type { Change } from '../dataset/point-in-time.ts';
import type { Tables } from '../dataset/schema.ts';
import type { DatasetSettings } from '../dataset/settings.ts';
import { type Findings, missingFindings } from '../findings/analyse.ts';
import { type Brief, type Identity, imagesOf, type Paper } from '../project/brief.ts';
import { familiesOf } from '../project/fonts.ts';
import type { EvidenceSet } from '../query/evidence-set.ts';
import { type AppliedParameter, queriesOfChoices } from '../query/select.ts';
import { askedFor, type Figure, idsIn } from './asked-for.ts';
import {
  correctedSetText,
  countsOf,
  figuresBefore,
  judgedOnPage,
  type JudgmentChange,
  listed,
  summarised,
} from './changes.ts';
import { Evidence, type Texts } from './citations.ts';
import { coverageOf, uncoveredByImports } from './coverage.ts';
import type { Request } from './edition.ts';
import { digitsOf, pageHelpers } from './template/helpers.ts';
import type { NamesOf } from './template/check.ts';
import { compileTemplate } from './template/template.ts';
import { highlightsOf, summaryOf } from './summary.ts';
import { type Put, tracePut, withoutTraces } from './template/trace.ts';
import { countriesInWords } from './row-details.ts';

export interface Composition extends Pick<Request, 'brief' | 'period' | 'paper' | 'parameters'> {
  /** The brief's title with the edition's parameters. */
  readonly title: string;
  readonly applied: readonly AppliedParameter[];
  readonly known: Tables;
  /** All tables of the dataset, including rows that became known after the cut-off. */
  readonly tables: Tables;
  readonly settings: DatasetSettings;
  readonly sets: RowSets;
  readonly findings: Findings;
  /** What texts of rows are filled with, if the dataset has another language than the brief. */
  readonly texts?: Texts | undefined;
  /** By name; null if the chart has no rows to draw. */
  readonly figures: { readonly [name: string]: Figure | null };
  readonly changes: readonly Change[];
  readonly judgmentChanges: readonly JudgmentChange[];
  /** For a revision, with its corrections. */
  readonly correction: (Correction & { readonly changes: readonly Corrected[] }) | null;
  readonly evidenceSets: readonly EvidenceSet[];
  readonly incidents: Pick<IncidentView, 'imports' | 'reconstructedFrom'>;
  /** How old the data are; null if the dataset is not refreshed before slots. */
  readonly freshness: Freshness | null;
  readonly fontFaces: string;
}

/** The width that each label needs. */
const markingWidths: { readonly [label in Brief['config']['marking']]: string } = {
  'TLP:RED': '20mm',
  'TLP:AMBER+STRICT': '42mm',
  'TLP:AMBER': '26mm',
  'TLP:GREEN': '26mm',
  'TLP:CLEAR': '25mm',
};

/** Letter is shorter and wider than A4: different margins give it the same space. `first` is the top of page one. */
const margins: { readonly [paper in Paper]: { readonly margin: string; readonly first: string } } = {
  A4: { margin: '19mm 18mm 15mm', first: '11mm' },
  Letter: { margin: '17mm 17mm 13mm', first: '7mm' },
};

/**
 * Returns one self-contained HTML document, the same document with traces for the gate, its summary as plain text, the
 * ids of the rows shown, and the query results that the template used. With `explained`, also returns each expression
 * that printed something.
 */
export function compose(
  composition: Composition,
  { explained = false, check }: { explained?: boolean; check?: (() => void) | undefined } = {},
) {
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
    texts,
    figures,
    changes,
    judgmentChanges,
    correction,
    evidenceSets,
    incidents: { imports, reconstructedFrom },
    freshness,
    fontFaces,
  } = composition;
  const { locale } = brief;
  const evidence = new Evidence(known, findings, {
    locale,
    all: tables,
    settings,
    missing: missingFindings(brief, { sets, findings }),
    sets: evidenceSets,
    texts,
  });
  const { asOf } = period;
  const keyJudgments = sets['key_judgments'] ?? [];
  const reports = new Set([...known.events, ...known.measures, ...known.sources].map(({ id }) => id));
  const isReported =
    evidenceSets.some(({ rows }) => rows > 0) ||
    Object.values(sets).some((rows) => evidence.named(rows).some((id) => reports.has(id)));
  const { coverage, currentFrom, readOn } = coverageOf(composition, { isReported });
  const age = { currentFrom, asOf, until: coverage.until };
  const computed = Object.fromEntries(
    Object.keys(brief.config.findings).map((name) => [name, findings[name] ?? null]),
  );
  const seen = askedFor({ sets, findings: computed, figures }, evidence, queriesOfChoices(brief));
  const printed = evidence.printedWith([
    ...evidence.named(Object.values(sets).flat()),
    ...Object.values(findings).flatMap(({ restsOn }) => restsOn),
    ...Object.values(figures).flatMap((figure) => (figure === null ? [] : idsIn(figure, evidence))),
  ]);
  /** The changes of printed rows, and withdrawals; others are only counted. */
  const shown = changes.filter(({ id, change }) => change === 'withdrawn' || printed.has(id));
  const helpers = pageHelpers(evidence, {
    age,
    images: brief.images,
    changes: new Map(shown.map(({ id, change }) => [id, change])),
  });
  const puts: Put[] = [];
  const template = compileTemplate({
    ...brief,
    names: namesIn(brief),
    helpers,
    ...(explained && { onPut: (put: Put) => tracePut(puts.push(put) - 1) }),
  });
  const judged = judgmentChanges.filter(
    ({ change, entry }) => change === 'dropped' || change === 'left' || printed.has(entry.id),
  );
  const newest =
    evidenceSets.length === 0 ? undefined : imports.findLast(({ last_day: last }) => last !== null);
  const uncovered = uncoveredByImports(newest === undefined ? [] : imports, asOf);
  const page = {
    language: locale.tag,
    direction: locale.direction,
    digits: digitsOf(locale),
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
      /** In the form that messages can compare. */
      level: brief.config.marking.replace(/^TLP:/, '').replace('+', '_'),
      colour: markingColours[brief.config.marking],
      width: markingWidths[brief.config.marking],
    },
    issue: issueOf(brief, period),
    publisher: brief.publisher && {
      name: brief.publisher.name,
      short_name: brief.publisher.shortName ?? brief.publisher.name,
      corrections: brief.publisher.corrections ?? null,
      logo: brief.identity.logo?.src ?? null,
    },
    coverage,
    /** When the page's contents were read, if after the cut-off. */
    reconstructed: readOn && { day: locale.longDay(readOn.day), several: readOn.isOnly ? 'no' : 'yes' },
    /** The day on which the incidents were imported, if after the cut-off, and whether their lag is declared. */
    imported: reconstructedFrom && {
      day: locale.longDay(reconstructedFrom),
      lag: imports.every(({ lag_days: lag }) => lag === null) ? 'unknown' : 'declared',
    },
    /** The day after the cut-off on which the data were fetched, or how old they are. */
    fetched: freshness?.ageDays === 0 ? locale.longDay(freshness.on) : null,
    aged:
      freshness === null || freshness.ageDays === 0
        ? null
        : {
            day: locale.longDay(freshness.on),
            days: freshness.ageDays,
            sources: locale.list(freshness.behind),
            several: freshness.behind.length > 0 ? 'some' : 'all',
          },
    /** The newest import of incidents and the last day that any import covers, if the newest days are not covered. */
    stale:
      newest === undefined || uncovered.until === null
        ? null
        : { day: locale.longDay(newest.known_on), until: locale.longDay(uncovered.until) },
    /** Countries whose newest days are not covered, if those of others are. */
    uncovered: uncovered.countries.length === 0 ? null : countriesInWords(uncovered.countries, locale),
    paper: { size: paper, ...margins[paper] },
    identity: identityStyles(brief.identity),
    images: imagesOf(brief).length > 0,
    styles: brief.styles.text,
    fontFaces,
    rows: seen.rows,
    findings: seen.findings,
    charts: seen.charts,
    // Read only by a template that prints it.
    get hero() {
      return brief.config.hero === undefined ? null : seen.charts[brief.config.hero];
    },
    counts: {
      ...countsOf(shown),
      reports: shown.length,
      all: changes.length,
      others: changes.length - shown.length,
    },
    // Read when it is printed: endnotes carry their changes, so only those without a note are listed.
    get unnoted() {
      const noted = new Set(evidence.endnotes.map(({ id }) => id));
      const { listed: each, tables: inWords } = summarised(
        shown.filter(({ id }) => !noted.has(id)),
        locale,
      );
      const groups = Map.groupBy(each, ({ change }) => change);
      return {
        tables: inWords,
        changes: [...groups].map(([change, rows]) => ({
          change,
          rows: rows.map((row) => listed(row, { settings, locale })),
        })),
      };
    },
    // Read when it is printed: what has been shown by then is what it explains.
    get method() {
      return methodOf(composition, new Set(evidence.used));
    },
    judged: judgedOnPage(judged, { printed: keyJudgments, settings, locale }),
    correction: correction && {
      revision: correction.revision,
      replaces: correction.replaces.revision,
      as_of: locale.longDay(correction.asOf),
      counts: { ...countsOf(correction.changes), rows: correction.changes.length },
      changes: correction.changes.map((each) => ({
        ...listed(each, { settings, locale }),
        // The day may be outside this issue's period, so it includes the year.
        known_on: locale.shortDay(each.knownOn).replaceAll(' ', '\u00a0'),
        figures: figuresBefore(each, locale),
      })),
      incidents: (correction.incidents?.sets ?? []).map((each) => {
        const set = evidenceSets.find(({ name }) => name === each.name);
        return { text: correctedSetText(each, { set, locale }), cites: set === undefined ? [] : [set.name] };
      }),
    },
  };
  // Changes that the page does not use are counted only where there are no others.
  for (const { change, id } of shown.length > 0 ? shown : changes)
    if (change !== 'withdrawn') evidence.use(id);
  for (const { id } of applied) if (id !== null) evidence.use(id);
  const traced = template(page, check);
  const { used } = evidence;
  return {
    html: withoutTraces(traced),
    traced,
    summary: summaryOf(sets['bottom_line'], { evidence, coverage, age }),
    highlights: highlightsOf(
      { headline: sets['headline'], judgments: keyJudgments, hero: figures[brief.config.hero ?? ''] },
      { evidence, known: known.judgments, coverage, age },
    ),
    used,
    asked: Object.fromEntries(seen.asked),
    coverage,
    puts,
  };
}

/** The publisher's colours and faces, as the custom properties that `page.css` uses. */
export function identityStyles({ colours: { ink, accent }, fonts }: Identity): string {
  const { serif, sans } = familiesOf(fonts);
  return `:root { --ink: ${ink}; --accent: ${accent}; --serif: ${serif}, serif; --sans: ${sans}, sans-serif; --label: 'Source Sans 3', sans-serif; }`;
}

/** What a brief's template may name in each group of the page's names. */
export const namesIn = ({ queries, config: { findings, charts, parameters } }: Brief): NamesOf => ({
  rows: Object.keys(queries),
  findings: Object.keys(findings),
  charts: Object.keys(charts),
  parameters: Object.keys(parameters),
});

/** Which conventions the page uses, for the explanations that it needs. */
function methodOf(
  { brief: { config, locale }, known, sets }: Pick<Composition, 'brief' | 'known' | 'sets'>,
  shown: ReadonlySet<string>,
) {
  const terms = locale.lists?.estimates?.likelihood ?? [];
  const term = terms.length === 0 ? undefined : new RegExp(terms.join('|'), 'i');
  const bar = (sets['key_judgments'] ?? []).some((judgment) => typeof judgment['likelihood'] === 'string');
  const ours = known.judgments.filter(({ id, author }) => author === null && shown.has(id));
  /** Whether the page may take a lower bound from the whole. */
  const bounds = Object.values(config.findings).some(({ kind }) => kind === 'rest-of-share');
  return {
    bar,
    likelihood: bar || ours.some(({ text }) => term?.test(text) === true),
    bounds: bounds && known.measures.some(({ id, bound }) => bound === '>=' && shown.has(id)),
  };
}

function issueOf({ config, locale }: Brief, { start, asOf, previousAsOf }: Period) {
  return {
    number: issueNumber(asOf),
    period: locale.daySpan(start, asOf),
    days: daysBetween(start, asOf),
    as_of: locale.longDay(asOf),
    weekday: locale.weekday(asOf),
    previous: locale.longDay(previousAsOf),
    timezone: locale.timeZone(config.schedule.timezone),
  };
}
