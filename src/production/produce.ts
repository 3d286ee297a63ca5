import { issueNumber } from '../calendar.ts';
import type { DrawChart } from '../charts/draw.ts';
import { AppError } from '../errors.ts';
import { type Attachment, chartAttachments, evidenceAttachments, packManifest } from '../pdf/attachments.ts';
import type { PrintOptions } from '../pdf/browser/print.ts';
import { lettersOf } from '../pdf/contents.ts';
import { seal } from '../pdf/seal.ts';
import { describeRendering } from '../provenance/make-manifest.ts';
import type { OpenQueries } from '../query/select.ts';
import type { Material, OnStep, Request } from '../render/edition.ts';
import type { Browser, SealedManifest } from '../render/manifest.ts';
import { TimeLimit } from '../render/template/time-limit.ts';
import { applyRules, type Rendering, together } from '../rules/gate.ts';
import { pdfRules } from '../rules/rules.ts';
import { headingsOf, linkTexts } from '../rules/units.ts';
import { composePage } from './compose-page.ts';

/** The steps with side effects. */
export interface Effects {
  readonly openQueries: OpenQueries;
  readonly drawChart: DrawChart;
  /** Starts the browser while charts are drawn. */
  readonly startPrinting: () => void;
  /** HTML to PDF. */
  readonly print: (html: string, options: PrintOptions) => Promise<Uint8Array>;
  /** The browser that prints. */
  readonly browser: () => Promise<Browser>;
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
  /** A monotonic clock in milliseconds, to show which step delayed an edition that took too long. */
  readonly elapsedMs?: (() => number) | undefined;
}

/**
 * select → analyse → chart → compose → gate: everything up to the finished HTML. Throws `edition-held`, except for an
 * edition rendered for an explanation, and `print-failed` if it exceeds the brief's time limit.
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

/** Runs all steps, from data to a sealed and inspected PDF. Writes nothing. */
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
    const { tree } = rendering.draft;
    // Mail needs it only when the edition is stored, where a failure is reported. Sealing leaves one core idle.
    rendering.charts[brief.config.hero ?? '']?.drawPicture().catch(() => {});
    onStep('seal');
    const { locale } = brief;
    const named = { title: rendering.title, day: locale.longDay(asOf) };
    const { pdf, pages, contents, attached } = await seal(
      printed,
      {
        title: correction
          ? locale.text('page.title_of_revision', { ...named, revision: correction.revision })
          : locale.text('page.title', named),
        author: brief.publisher?.name ?? null,
        subject: brief.config.subject,
        keywords: [brief.config.marking, issueNumber(asOf)],
        language: locale.tag,
        direction: locale.direction,
        headings: headingsOf(tree),
        links: linkTexts(tree, locale),
        date: new Date(`${correction?.asOf ?? asOf}T00:00:00Z`),
      },
      attachments,
    );
    onStep('inspect');
    limit.check();
    const letters = contents.pages.map(({ text }) => lettersOf(text));
    const inspected = applyRules(
      pdfRules,
      { ...rendering.draft, paper: request.paper, pdf, contents, attachments, attached, letters },
      limit.check,
    );
    return { ...rendering, pdf, pages, manifest, rules: together(rendering.rules, inspected) };
  } catch (cause) {
    const { file } = brief.definition;
    // A fault without a place of its own, such as a browser failure, is reported against this brief.
    if (cause instanceof AppError)
      throw new AppError(
        cause.code,
        cause.faults.map((fault) => ({ file, ...fault })),
        { cause, warnings: cause.warnings },
      );
    throw limit.explain(cause);
  }
}

/**
 * Checks the page while the browser, another process, prints it. If the rules block the edition, the print is stopped
 * and its result dropped.
 */
async function printAndJudge<T extends object>(
  print: (options: PrintOptions) => Promise<Uint8Array>,
  judge: () => Promise<T>,
  onStep: OnStep,
): Promise<T & { readonly printed: Uint8Array }> {
  const dismissal = new AbortController();
  const begun = Promise.withResolvers<void>();
  const printing = print({ signal: dismissal.signal, onBegun: begun.resolve });
  // The rules occupy this thread, so the page must reach the browser first. A print that fails at once is reported
  // below.
  await Promise.race([printing.catch(() => undefined), begun.promise]);
  try {
    const judged = await judge();
    onStep('print');
    return { ...judged, printed: await printing };
  } catch (error) {
    dismissal.abort(error);
    await printing.catch(() => undefined);
    throw error;
  }
}

/** The attachments that prove the PDF: the manifest, the rows and spec of each chart, and the evidence sets. */
async function proofOf(
  request: Request,
  rendering: Rendering,
  { effects, material }: { effects: Pick<Effects, 'browser'>; material: Material },
): Promise<{ manifest: SealedManifest; attachments: readonly Attachment[] }> {
  const { locale } = request.brief;
  const files = [
    ...chartAttachments(rendering.charts, locale),
    ...evidenceAttachments(rendering.evidenceSets, locale),
  ];
  const attachments = files.map(({ entry }) => entry);
  const browser = await effects.browser();
  const manifest = describeRendering(request, rendering, { material, browser, attachments });
  return { manifest, attachments: [packManifest(manifest, locale), ...files] };
}
