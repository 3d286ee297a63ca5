import type { Brief, Paper } from '../model/brief.ts';
import { issueNumber, periodEnding, type Day, type Period } from '../model/calendar.ts';
import { asCorrected, knownFor, type Corrected, type Correction } from '../model/correction.ts';
import type { Dataset, Tables } from '../model/dataset.ts';
import { AppError } from '../model/fault.ts';
import { requireParameters, type Parameters } from '../model/parameters.ts';
import type { RowSets } from '../model/row.ts';
import { longDay } from '../model/wording.ts';
import { analyse, withoutUntold } from './analyse.ts';
import { applyParameters, titleOfEdition } from './applied-parameters.ts';
import { changesOf, correctedIn } from './changes.ts';
import { compose } from './compose.ts';
import { readDraft, type Draft } from './gate/draft.ts';
import { holdDraft, holdPrint } from './gate/gate.ts';
import { headingsOf, linkTexts } from './gate/page-units.ts';
import { readPrint } from './gate/print.ts';
import { together, type Verdict } from './gate/rule.ts';
import { illustrate, type DrawChart, type Illustration } from './illustrate.ts';
import { printAndJudge } from './print-and-judge.ts';
import { seal } from './seal.ts';
import { select, type OpenQueries } from './select.ts';

/** What is asked for: a brief, a day, a paper, values for its parameters, and its revision: an edition's identity. */
export interface Request {
  readonly brief: Brief;
  readonly dataset: Dataset;
  readonly asOf: Day;
  readonly paper: Paper;
  /** In their canonical form; empty for a brief that has none. */
  readonly parameters: Parameters;
  /** Of a corrected revision; absent or null for an edition as it is first issued. */
  readonly correction?: Correction | null;
}

/** The steps that touch the world. */
export interface Effects {
  readonly openQueries: OpenQueries;
  readonly drawChart: DrawChart;
  /** Lets the browser start while charts are drawn. */
  readonly startPrinting: () => void;
  /** HTML to PDF. */
  readonly print: (html: string, options: { signal: AbortSignal }) => Promise<Uint8Array>;
}

/** Material that every edition is made with. */
export interface Material {
  /** Data sets for maps, by the name under which a chart can ask for them: GeoJSON features. */
  readonly maps: RowSets;
  /** `@font-face` rules with the fonts in them. */
  readonly fontFaces: string;
  /** The code points for which every face has a glyph. */
  readonly glyphs: ReadonlySet<number>;
  /** A hash over outlines and fonts. */
  readonly sha256: string;
}

export type Step =
  'select' | 'analyse' | 'chart' | 'compose' | 'gate' | 'print' | 'seal' | 'inspect' | 'store';
export type OnStep = (step: Step) => void;

/** An edition before it is printed. */
export interface Rendering {
  /** Of the brief, with what the edition is about. */
  readonly title: string;
  readonly period: Period;
  readonly known: Tables;
  /** What a revision corrects. */
  readonly corrected: readonly Corrected[];
  readonly html: string;
  /** Each chart's drawing and compiled spec. */
  readonly charts: { readonly [name: string]: Illustration };
  /** The ids of the rows that the page shows. */
  readonly used: readonly string[];
  /** The page as the gate read it. */
  readonly draft: Draft;
  /** The rules that it holds to, and those that its brief waives. */
  readonly rules: Verdict;
}

export interface Edition extends Rendering {
  readonly pdf: Uint8Array;
  readonly pages: number;
}

/** select → analyse → chart → compose → gate: everything up to the finished HTML. Throws `edition-held`. */
export async function render(
  request: Request,
  effects: Pick<Effects, 'openQueries' | 'drawChart'>,
  material: Material,
  onStep: OnStep = () => {},
): Promise<Rendering> {
  const { judge, ...page } = await composePage(request, effects, material, onStep);
  onStep('gate');
  return { ...page, ...judge() };
}

/** A page before the gate. */
interface ComposedPage extends Omit<Rendering, 'draft' | 'rules'> {
  /** Throws `edition-held`. */
  readonly judge: () => Pick<Rendering, 'draft' | 'rules'>;
}

async function composePage(
  { brief, dataset, asOf, paper, parameters: given, correction = null }: Request,
  { openQueries, drawChart }: Pick<Effects, 'openQueries' | 'drawChart'>,
  { maps, fontFaces, glyphs }: Material,
  onStep: OnStep,
): Promise<ComposedPage> {
  const period = periodEnding(asOf, brief.config.period);
  const knownRows = knownFor(dataset.tables, { asOf, correctedAsOf: correction?.asOf ?? null });
  const parameters = requireParameters(brief, given);
  const applied = applyParameters({ brief, parameters, known: knownRows });
  const title = titleOfEdition(brief, applied);
  const inPeriod = changesOf({ brief, dataset, asOf, applied });
  const changes = correction ? asCorrected(inPeriod, knownRows) : inPeriod;
  const corrected = correction ? correctedIn(dataset.tables, { asOf, correction }) : [];

  onStep('select');
  const selected = await select({ brief, known: knownRows, period, parameters, openQueries });
  onStep('analyse');
  const findings = analyse(brief, selected);
  const told = { brief, findings };
  const sets = Object.fromEntries(
    Object.entries(selected).map(([name, rows]) => [name, withoutUntold(rows, told)]),
  );
  const known = { ...knownRows, judgments: withoutUntold(knownRows.judgments, told) };
  onStep('chart');
  const figures = await illustrate({ brief, known, sets, findings, maps, drawChart });
  onStep('compose');
  const drawn = Object.entries(figures).flatMap(([name, figure]) =>
    figure ? [[name, figure] as const] : [],
  );
  const { html, traced, used } = compose({
    brief,
    period,
    paper,
    title,
    parameters,
    applied,
    known,
    sets,
    findings,
    figures,
    changes,
    correction: correction && { ...correction, changes: corrected },
    fontFaces,
  });
  const charts = Object.fromEntries(drawn);
  const judge = () => {
    const draft = readDraft({
      brief,
      dataset,
      period,
      toldUntil: correction?.asOf ?? asOf,
      revision: correction?.revision ?? 1,
      known,
      findings,
      used,
      traced,
      charts: Object.values(charts),
      glyphs,
    });
    return { draft, rules: holdDraft(draft) };
  };
  return { title, period, known, corrected, html, used, charts, judge };
}

/** The whole way from data to a sealed and inspected PDF. Nothing is written. */
export async function produce(
  request: Request,
  effects: Effects,
  material: Material,
  { onStep = () => {}, signal }: { onStep?: OnStep; signal?: AbortSignal } = {},
): Promise<Edition> {
  const { brief, asOf, correction } = request;
  const { seconds } = brief.config.limits;
  const timeout = AbortSignal.timeout(seconds * 1000);
  const stop = signal ? AbortSignal.any([signal, timeout]) : timeout;
  effects.startPrinting();
  try {
    const { judge, ...page } = await composePage(request, effects, material, onStep);
    stop.throwIfAborted();
    onStep('gate');
    const { printed, ...judged } = await printAndJudge(
      (dismissed) => effects.print(page.html, { signal: AbortSignal.any([stop, dismissed]) }),
      judge,
      onStep,
    );
    const rendering = { ...page, ...judged };
    const { tree, pieces } = rendering.draft;
    onStep('seal');
    const { pdf, pages, contents } = await seal(printed, {
      title: [
        rendering.title,
        longDay(asOf),
        ...(correction ? [`revision ${correction.revision}`] : []),
      ].join(', '),
      author: 'Sitrep',
      subject: brief.config.subject,
      keywords: [brief.config.marking, issueNumber(asOf)],
      language: 'en-GB',
      headings: headingsOf(tree),
      links: linkTexts(tree),
      date: new Date(`${correction?.asOf ?? asOf}T00:00:00Z`),
    });
    onStep('inspect');
    const inspected = holdPrint(
      readPrint({
        brief,
        title: rendering.title,
        asOf,
        paper: request.paper,
        bytes: pdf.byteLength,
        contents,
        tree,
        pieces,
      }),
    );
    return { ...rendering, pdf, pages, rules: together(rendering.rules, inspected) };
  } catch (cause) {
    const { file } = brief.definition;
    // What failed without a place of its own, such as the browser, failed on this brief.
    if (cause instanceof AppError)
      throw new AppError(
        cause.code,
        cause.faults.map((fault) => ({ file, ...fault })),
        { cause },
      );
    if (!timeout.aborted) throw cause;
    const problem = `The edition took longer than ${seconds} s.`;
    const mend = 'Raise limits.seconds in brief.yaml, or look for a slow query or chart.';
    throw new AppError('print-failed', [{ file, problem, mend }], { cause });
  }
}
