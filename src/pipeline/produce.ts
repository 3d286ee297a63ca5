import type { Brief, Paper } from '../model/brief.ts';
import { issueNumber, periodEnding, type Day, type Period } from '../model/calendar.ts';
import type { Dataset, Tables } from '../model/dataset.ts';
import { AppError } from '../model/fault.ts';
import { knownBy, type Change } from '../model/known.ts';
import type { Browser, Part, SealedManifest, Versions } from '../model/manifest.ts';
import { requireParameters, type Parameters } from '../model/parameters.ts';
import type { RowSets } from '../model/row.ts';
import { longDay } from '../model/wording.ts';
import { analyse, withoutUntold } from './analyse.ts';
import { applyParameters, titleOfEdition } from './applied-parameters.ts';
import { chartAttachments, packManifest, type Attachment } from './attachments.ts';
import { changesOf } from './changes.ts';
import { compose } from './compose.ts';
import { readDraft, type Draft } from './gate/draft.ts';
import { holdDraft, holdPrint } from './gate/gate.ts';
import { headingsOf, linkTexts } from './gate/page-units.ts';
import { readPrint } from './gate/print.ts';
import { together, type Verdict } from './gate/rule.ts';
import { illustrate, type Illustration } from './illustrate.ts';
import { describeRendering } from './manifest.ts';
import { seal } from './seal.ts';
import { select, type OpenQueries } from './select.ts';
import type { Put } from './trace.ts';

/** What is asked for: one brief, as of one day, on one paper, with values for its parameters: an edition's identity. */
export interface Request {
  readonly brief: Brief;
  readonly dataset: Dataset;
  readonly asOf: Day;
  readonly paper: Paper;
  /** In their canonical form; empty for a brief that has none. */
  readonly parameters: Parameters;
}

/** The steps that touch the world. */
export interface Effects {
  readonly openQueries: OpenQueries;
  /** Lets the browser start while charts are drawn. */
  readonly startPrinting: () => void;
  /** HTML to PDF. */
  readonly print: (html: string, options: { signal: AbortSignal }) => Promise<Uint8Array>;
  /** What prints. */
  readonly browser: () => Promise<Browser>;
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

/**
 * select → analyse → chart → compose → gate: everything up to the finished HTML. Throws `edition-held`, but not for one
 * that is to be `explained`.
 */
export async function render(
  { brief, dataset, asOf, paper, parameters: given }: Request,
  { openQueries }: Pick<Effects, 'openQueries'>,
  { maps, fontFaces, glyphs }: Material,
  { onStep = () => {}, explained = false }: { onStep?: OnStep; explained?: boolean } = {},
): Promise<Rendering> {
  const period = periodEnding(asOf, brief.config.period);
  const knownRows = knownBy(dataset.tables, asOf);
  const parameters = requireParameters(brief, given);
  const applied = applyParameters({ brief, parameters, known: knownRows });
  const title = titleOfEdition(brief, applied);
  const changes = changesOf({ brief, dataset, asOf, applied });

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
  const figures = await illustrate({ brief, known, sets, findings, maps });
  onStep('compose');
  const drawn = Object.entries(figures).flatMap(([name, figure]) =>
    figure ? [[name, figure] as const] : [],
  );
  const { html, traced, used, puts } = compose(
    {
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
      fontFaces,
    },
    { explained },
  );
  onStep('gate');
  const charts = Object.fromEntries(drawn);
  const draft = readDraft({
    brief,
    dataset,
    period,
    known,
    findings,
    used,
    traced,
    charts: Object.values(charts),
    glyphs,
  });
  const rules = explained ? { passed: [], waived: [] } : holdDraft(draft);
  return { title, period, known, html, used, changes, charts, sets, puts, draft, rules };
}

/** The whole way from data to a sealed and inspected PDF. Nothing is written. */
export async function produce(
  request: Request,
  effects: Effects,
  material: Material,
  { onStep = () => {}, signal }: { onStep?: OnStep; signal?: AbortSignal } = {},
): Promise<Edition> {
  const { brief, asOf } = request;
  const { seconds } = brief.config.limits;
  const timeout = AbortSignal.timeout(seconds * 1000);
  const stop = signal ? AbortSignal.any([signal, timeout]) : timeout;
  effects.startPrinting();
  try {
    const rendering = await render(request, effects, material, { onStep });
    const { tree, pieces } = rendering.draft;
    stop.throwIfAborted();
    onStep('print');
    const [printed, { manifest, attachments }] = await Promise.all([
      effects.print(rendering.html, { signal: stop }),
      proofOf(request, rendering, { effects, material }),
    ]);
    onStep('seal');
    const { pdf, pages, contents, attached } = await seal(
      printed,
      {
        title: `${rendering.title}, ${longDay(asOf)}`,
        author: 'Sitrep',
        subject: brief.config.subject,
        keywords: [brief.config.marking, issueNumber(asOf)],
        language: 'en-GB',
        headings: headingsOf(tree),
        links: linkTexts(tree),
        date: new Date(`${asOf}T00:00:00Z`),
      },
      attachments,
    );
    onStep('inspect');
    const inspected = holdPrint(
      readPrint({
        brief,
        title: rendering.title,
        asOf,
        paper: request.paper,
        pdf,
        contents,
        attachments,
        attached,
        tree,
        pieces,
      }),
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
    if (!timeout.aborted) throw cause;
    const problem = `The edition took longer than ${seconds} s.`;
    const mend = 'Raise limits.seconds in brief.yaml, or look for a slow query or chart.';
    throw new AppError('print-failed', [{ file, problem, mend }], { cause });
  }
}

/** What goes into the PDF to prove it: the manifest, and of each chart its rows and its spec. */
async function proofOf(
  request: Request,
  rendering: Rendering,
  { effects, material }: { effects: Pick<Effects, 'browser'>; material: Material },
): Promise<{ manifest: SealedManifest; attachments: readonly Attachment[] }> {
  // Packed while the browser is at work, which is another process: it is to have the page first.
  await new Promise((resolve) => void setImmediate(resolve));
  const charts = chartAttachments(rendering.charts);
  const attachments = charts.map(({ entry }) => entry);
  const browser = await effects.browser();
  const manifest = describeRendering(request, rendering, { material, browser, attachments });
  return { manifest, attachments: [packManifest(manifest), ...charts] };
}
