import type { Brief, Paper } from '../model/brief.ts';
import { issueNumber, type Day, type Period } from '../model/calendar.ts';
import type { Corrected, Correction } from '../model/correction.ts';
import type { Dataset, Tables } from '../model/dataset.ts';
import { AppError } from '../model/fault.ts';
import type { Change } from '../model/known.ts';
import type { Browser, Part, SealedManifest, Versions } from '../model/manifest.ts';
import type { Parameters } from '../model/parameters.ts';
import type { RowSets } from '../model/row.ts';
import { longDay } from '../model/wording.ts';
import { composePage } from './compose-page.ts';
import type { Draft } from './gate/draft.ts';
import { holdPrint } from './gate/gate.ts';
import { headingsOf, linkTexts } from './gate/page-units.ts';
import { readPrint } from './gate/print.ts';
import { together, type Verdict } from './gate/rule.ts';
import type { DrawChart, Illustration } from './illustrate.ts';
import { printAndJudge } from './print-and-judge.ts';
import { proofOf } from './proof.ts';
import { seal } from './seal.ts';
import type { OpenQueries } from './select.ts';
import { TimeLimit } from './time-limit.ts';
import type { Put } from './trace.ts';

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
  readonly print: (html: string, options: PrintOptions) => Promise<Uint8Array>;
  /** What prints. */
  readonly browser: () => Promise<Browser>;
}

export interface PrintOptions {
  readonly signal: AbortSignal;
  /** Called when the browser needs nothing more to print the document: this thread can turn to something else. */
  readonly onBegun?: (() => void) | undefined;
}

/** Material that every edition is made with. */
export interface Material {
  /** Data sets for maps, by the name under which a chart can ask for them: GeoJSON features. */
  readonly maps: RowSets;
  /** `@font-face` rules with the fonts in them. */
  readonly fontFaces: string;
  /** The code points for which every face has a glyph. */
  readonly glyphs: ReadonlySet<number>;
  /** The files of fonts and outlines, for the manifest. */
  readonly parts: { readonly fonts: readonly Part[]; readonly outlines: Part };
  readonly versions: Versions;
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
  /** What became known since the issue before, as the page lists it. */
  readonly changes: readonly Change[];
  /** The results of its queries. */
  readonly sets: RowSets;
  /** Each expression that printed something, where it is to be explained. */
  readonly puts: readonly Put[];
  /** The page as the gate read it. */
  readonly draft: Draft;
  /** The rules that it holds to, and those that its brief waives. */
  readonly rules: Verdict;
}

export interface Edition extends Rendering {
  readonly pdf: Uint8Array;
  readonly pages: number;
  /** As it is in the PDF. */
  readonly manifest: SealedManifest;
}

interface Options {
  readonly onStep?: OnStep;
  readonly signal?: AbortSignal | undefined;
  /** A steadily rising number of milliseconds, to tell what took the time of an edition that took too long. */
  readonly elapsedMs?: (() => number) | undefined;
}

/**
 * select → analyse → chart → compose → gate: everything up to the finished HTML. Throws `edition-held`, but not for one
 * that is to be `explained`, and `print-failed` for one that takes longer than its brief allows.
 */
export async function render(
  request: Request,
  effects: Pick<Effects, 'openQueries' | 'drawChart'>,
  material: Material,
  { onStep = () => {}, explained = false, ...options }: Options & { readonly explained?: boolean } = {},
): Promise<Rendering> {
  const limit = new TimeLimit(request.brief, options);
  const enter = entering(limit, onStep);
  try {
    const { judge, ...page } = await composePage(request, effects, material, {
      onStep: enter,
      explained,
      limit,
    });
    enter('gate');
    return { ...page, ...judge() };
  } catch (cause) {
    throw limit.explain(cause);
  }
}

const entering =
  (limit: TimeLimit, onStep: OnStep): OnStep =>
  (step) => {
    limit.enter(step);
    onStep(step);
  };

/** The whole way from data to a sealed and inspected PDF. Nothing is written. */
export async function produce(
  request: Request,
  effects: Effects,
  material: Material,
  { onStep: report = () => {}, ...options }: Options = {},
): Promise<Edition> {
  const { brief, asOf, correction } = request;
  const limit = new TimeLimit(brief, options);
  const onStep = entering(limit, report);
  effects.startPrinting();
  try {
    const { judge, ...page } = await composePage(request, effects, material, {
      onStep,
      explained: false,
      limit,
    });
    limit.check();
    onStep('gate');
    const { printed, rendering, manifest, attachments } = await printAndJudge(
      ({ signal: dismissed, onBegun }) =>
        effects.print(page.html, { signal: AbortSignal.any([limit.signal, dismissed]), onBegun }),
      async () => {
        const judged = { ...page, ...judge() };
        return { rendering: judged, ...(await proofOf(request, judged, { effects, material })) };
      },
      onStep,
    );
    const { tree, pieces } = rendering.draft;
    onStep('seal');
    const { pdf, pages, contents, attached } = await seal(
      printed,
      {
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
      },
      attachments,
    );
    onStep('inspect');
    limit.check();
    const inspected = holdPrint(
      readPrint({
        brief,
        paper: request.paper,
        pdf,
        contents,
        attachments,
        attached,
        tree,
        pieces,
      }),
      limit.check,
    );
    return { ...rendering, pdf, pages, manifest, rules: together(rendering.rules, inspected) };
  } catch (cause) {
    const { file } = brief.definition;
    // What failed without a place of its own, such as the browser, failed on this brief.
    if (cause instanceof AppError)
      throw new AppError(
        cause.code,
        cause.faults.map((fault) => ({ file, ...fault })),
        { cause },
      );
    throw limit.explain(cause);
  }
}
