import { periodEnding } from '../calendar.ts';
import { isArabic } from '../charts/fonts.ts';
import { asCorrected, correctionsOf, knownFor } from '../dataset/corrections.ts';
import type { RowSets } from '../dataset/parse-rows.ts';
import { tablesWithin } from '../dataset/point-in-time.ts';
import { outlinesWithin } from '../dataset/world.ts';
import { analyse, withoutOtherFindings, withPrintableFindings } from '../findings/analyse.ts';
import { ownFontFaces } from '../project/fonts.ts';
import { requireTopics } from '../project/load.ts';
import { applyParameters, type OpenQueries, select, selectOne, titleOfEdition } from '../query/select.ts';
import { changesOf, chosenChanges, haveJudgmentsChanged, judgmentChangesOf } from '../render/changes.ts';
import { textLocale } from '../render/citations.ts';
import { compose } from '../render/compose.ts';
import { freshnessFor, incidentsFor, type Material, type OnStep, type Request } from '../render/edition.ts';
import { illustrate } from '../render/illustrate.ts';
import type { TimeLimit } from '../render/template/time-limit.ts';
import { readDraft } from '../rules/draft.ts';
import { applyRules } from '../rules/gate.ts';
import { pageRules } from '../rules/rules.ts';
import type { DrawChart } from '../charts/draw.ts';
import { setsByName } from '../render/row-details.ts';

/** The rows and incidents that an edition sees. */
export function knownTo(request: Request) {
  const { brief, asOf, correction } = request;
  const tables = tablesWithin(request.dataset, brief.config.marking);
  const rows = knownFor(tables, { asOf, correctedAsOf: correction?.asOf ?? null });
  return { tables, known: withoutOtherFindings(rows, brief), incidents: incidentsFor(request) };
}

/**
 * select → analyse → chart → compose. The page is not yet checked: `judge` runs the rules, and throws `edition-held`.
 */
export async function composePage(
  request: Request,
  { openQueries, drawChart }: { openQueries: OpenQueries; drawChart: DrawChart },
  { fontFaces, glyphs, arabic }: Material,
  { onStep, explained, limit }: { onStep: OnStep; explained: boolean; limit: TimeLimit },
) {
  const { brief, asOf, period, paper, parameters, correction } = request;
  const { tables, known: knownRows, incidents } = knownTo(request);
  const dataset = { ...request.dataset, tables };
  requireTopics(brief, dataset);
  const applied = applyParameters({ brief, parameters, known: knownRows });
  const title = titleOfEdition(brief, applied);
  const corrected = correction
    ? correctionsOf(dataset.tables, {
        asOf,
        since: correction.replaces.asOf,
        by: correction.asOf,
        shown: correction.rows,
      })
    : [];

  const freshness = freshnessFor(request);

  onStep('select');
  const { forCharts, columns, all, evidence } = await select({
    brief,
    known: knownRows,
    period,
    parameters,
    settings: dataset.settings,
    incidents,
    openQueries,
    signal: limit.signal,
  });
  onStep('analyse');
  const within = { period, imports: incidents.imports };
  const findings = analyse(brief, forCharts, within);
  const words = textLocale({ brief, dataset });
  const texts = words && { locale: words, findings: analyse({ ...brief, locale: words }, forCharts, within) };
  const computed = { findings, config: brief.config };
  const tell = (selected: RowSets): RowSets =>
    Object.fromEntries(
      Object.entries(selected).map(([name, rows]) => [name, withPrintableFindings(rows, computed)]),
    );
  const known = { ...knownRows, judgments: withPrintableFindings(knownRows.judgments, computed) };
  onStep('chart');
  const drawing = illustrate({
    brief,
    known,
    sets: tell(forCharts),
    columns,
    findings,
    texts,
    maps: dataset.outlines.maps,
    outlinesWithin,
    drawChart,
  });
  // Faults of queries are reported first, since faults of charts may follow from them.
  drawing.catch(() => {});
  limit.enter('select');
  const sets = tell(await all);
  const evidenceSets = await evidence;
  const of = { brief, dataset, period, applied };
  /** The key judgments that the previous edition printed. */
  const judgmentsBefore = () => {
    const { previousAsOf: day } = period;
    const { known: knownThen, incidents: incidentsThen } = knownTo({
      ...request,
      asOf: day,
      correction: null,
    });
    return selectOne('key_judgments', {
      brief,
      known: knownThen,
      period: periodEnding(day, brief.config.period),
      parameters,
      settings: dataset.settings,
      incidents: incidentsThen,
      openQueries,
      signal: limit.signal,
    });
  };
  const inPeriod = chosenChanges(changesOf(of), { brief, sets });
  const changes = correction ? asCorrected(inPeriod, knownRows) : inPeriod;
  limit.enter('chart');
  const before = haveJudgmentsChanged(of) ? await limit.within(judgmentsBefore()) : [];
  const judgmentChanges = judgmentChangesOf(of, { before, now: sets['key_judgments'] ?? [] });
  const figures = await limit.within(drawing);
  onStep('compose');
  const ownFaces = ownFontFaces(brief.identity.fonts);
  const drawn = Object.entries(figures).flatMap(([name, figure]) =>
    figure ? [[name, figure] as const] : [],
  );
  const {
    html: page,
    traced,
    asked,
    coverage,
    ...composed
  } = compose(
    {
      brief,
      period,
      paper,
      title,
      parameters,
      applied,
      known,
      tables: dataset.tables,
      settings: dataset.settings,
      sets,
      findings,
      texts,
      figures,
      changes,
      judgmentChanges,
      correction: correction && { ...correction, changes: corrected },
      evidenceSets,
      incidents,
      freshness,
      fontFaces: ownFaces === '' ? fontFaces : `${fontFaces}\n${ownFaces}`,
    },
    { explained, check: limit.check },
  );
  // The fonts are half a megabyte that says nothing; reading them would take as long as all rules together.
  const bare = traced.replace(fontFaces, () => '').replace(ownFaces, () => '');
  const hasArabic = isArabic(bare);
  const html = hasArabic ? page.replace(fontFaces, () => `${fontFaces}\n${arabic.fontFaces}`) : page;
  const charts = Object.fromEntries(drawn);
  const judge = () => {
    limit.check();
    const draft = readDraft({
      brief,
      dataset,
      language: dataset.settings.language ?? brief.locale.tag,
      period,
      knownUntil: correction?.asOf ?? asOf,
      revision: correction?.revision ?? 1,
      known,
      findings,
      evidenceSets: setsByName(evidenceSets),
      used: composed.used,
      asked,
      sets,
      coverage,
      freshness,
      changes: [...changes, ...corrected],
      traced: bare,
      charts: Object.values(charts),
      glyphs,
    });
    return {
      draft,
      rules: explained ? { passed: [], waived: [], warnings: [] } : applyRules(pageRules, draft, limit.check),
    };
  };
  const shown = new Set(composed.used);
  return {
    ...composed,
    title,
    period,
    known,
    corrected,
    html,
    extraFonts: hasArabic ? arabic.fonts : [],
    evidenceSets: evidenceSets.filter(({ name }) => shown.has(name)),
    lastImport: incidents.imports.at(-1) ?? null,
    freshness,
    changes,
    charts,
    sets,
    judge,
  };
}
