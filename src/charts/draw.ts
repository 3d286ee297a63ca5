import type { Canvas } from 'canvas';
import * as vega from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile } from 'vega-lite';
import { z } from 'zod';
import type { Row, Value } from '../dataset/parse-rows.ts';
import { AppError, type Fault } from '../errors.ts';
import { hashOf } from '../hash.ts';
import type { ChartLocale } from './chart-locale.ts';
import { checkFields, type Columns } from './fields.ts';
import { pngOf } from './png.ts';
import { readScene, rowKey, type Scene } from './scene.ts';
import { checkAgainstSchema } from './schema.ts';
import { checkSpec, inUtc } from './spec.ts';
import { cleanSvg, outsideReferences, unwritable } from './svg.ts';

export interface ChartRequest {
  /** Unique on the page: the prefix of every id in the drawing. */
  readonly name: string;
  /** The spec's file, for messages. */
  readonly file: string;
  /** A Vega-Lite spec whose data sets are named and have no data of their own. */
  readonly spec: object;
  /** Vega-Lite configuration shared by all charts. */
  readonly theme: object;
  readonly data: { readonly [name: string]: readonly Row[] };
  /** The columns of data sets without rows, if known. */
  readonly columns?: { readonly [name: string]: readonly string[] };
  /** Alternative text for people who cannot see the drawing. */
  readonly alt: string;
  /** How numbers and days read on axes and in labels; as in American English by default, which is Vega's own. */
  readonly locale?: ChartLocale;
  /** Files of fonts that the theme names besides the program's, as `Own Sans`. */
  readonly fonts?: readonly string[];
}

export interface Drawing {
  readonly svg: string;
  /** The Vega spec compiled from the Vega-Lite spec. */
  readonly compiled: object;
  readonly scene: Scene;
  /** Warnings from Vega and Vega-Lite: a chart with warnings is not reliable, and the gate blocks it. */
  readonly warnings: readonly string[];
  /**
   * Draws the chart again as a PNG, for mail: on white, at twice its size, and as narrow as a telephone if the spec can.
   * It takes longer than the drawing, and the page does not wait for it. Each call gives the same picture.
   */
  readonly drawPicture: () => Promise<Uint8Array>;
}

interface CompiledChart {
  readonly spec: vega.Spec;
  /** Vega's dataflow for the spec. */
  readonly runtime: vega.Runtime;
  readonly warnings: readonly string[];
  /** The sets of columns, each as JSON, for which every field was found. */
  readonly fitting: Set<string>;
}
const compiledCharts = new Map<string, CompiledChart>();

/**
 * Draws one chart as SVG. Scales are in UTC, text is measured with the registered fonts, and expressions run in Vega's
 * interpreter, which compiles no code. Throws `chart-failed` for forbidden spec contents, names unknown to Vega-Lite,
 * missing data and fields, and attempts to load something.
 */
export const drawChart = (request: ChartRequest): Promise<Drawing> =>
  inView(request, async ({ view, spec, warnings, refusals }) => {
    const usual = haveRows(view, spec) ? warnings.filter((each) => !infinite.test(each)) : warnings;
    const svg = await view.toSVG();
    for (const reference of outsideReferences(svg))
      refusals.push(`The drawing refers to ${reference}, but charts may not load anything.`);
    return {
      svg: cleanSvg(svg, request),
      compiled: spec,
      scene: readScene(view, svg),
      warnings: [...new Set(usual)],
      drawPicture: () => drawPicture(request),
    };
  });

/** `Drawing.drawPicture` of a request. Throws as `drawChart` does. */
export const drawPicture = (request: ChartRequest): Promise<Uint8Array> =>
  inView(request, ({ view, spec }) => pictureOf(view, spec));

interface Viewed {
  readonly view: vega.View;
  readonly spec: vega.Spec;
  readonly warnings: readonly string[];
  /** What the drawing must not do, such as loading something. */
  readonly refusals: string[];
}

/** Calls `draw` with the view of a chart, in which its rows are laid out. Throws `chart-failed` if there are refusals. */
async function inView<T>(
  { file, spec: given, theme, data, columns = {}, locale }: ChartRequest,
  draw: (viewed: Viewed) => Promise<T>,
): Promise<T> {
  const sets = Object.entries(data);
  const failed = (problems: readonly string[], cause?: unknown) => {
    const hint = 'Correct the spec, or the query that feeds it.';
    const faults = problems.map((problem): Fault => ({ file, problem, hint }));
    return new AppError('chart-failed', faults, { cause });
  };
  const known = Object.fromEntries(
    sets.map(([set, rows]) => [
      set,
      rows.length > 0 ? [...new Set(rows.flatMap((row) => Object.keys(row)))] : (columns[set] ?? null),
    ]),
  );

  const warnings: string[] = [];
  const refusals: string[] = [];
  try {
    const { spec, runtime } = compileChecked(given, { theme, file, columns: known, warnings });
    const view = new vega.View(locale === undefined ? runtime : Object.assign({}, runtime, { locale }), {
      renderer: 'none',
      expr: expressionInterpreter,
      loader: closedLoader(refusals),
      logger: strictLogger(warnings),
    });
    if (locale !== undefined) useNumerals(view, locale.number.numerals);
    try {
      for (const [set, rows] of sets) {
        view.data(
          set,
          rows.map((row, index) => Object.assign({ [rowKey]: `${set} ${index}` }, drawable(row))),
        );
      }
      await view.runAsync();
      const drawn = await draw({ view, spec, warnings, refusals });
      if (refusals.length > 0) throw failed([...new Set(refusals)]);
      return drawn;
    } finally {
      view.finalize();
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw failed([...refusals, ...warnings, reasonOf(cause)], cause);
  }
}

/** Days get the digits that numbers have: d3-time-format knows Latin ones only. */
function useNumerals(view: vega.View, numerals: readonly string[]): void {
  if (numerals[0] === '0') return;
  const formatters = view.locale();
  const printed = (format: ReturnType<typeof formatters.utcFormat>): typeof format => {
    const written = (date: Parameters<typeof format>[0]) =>
      format(date).replaceAll(/[0-9]/g, (digit) => numerals[Number(digit)] ?? digit);
    return written;
  };
  view.locale({
    ...formatters,
    timeFormat: (...given) => printed(formatters.timeFormat(...given)),
    utcFormat: (...given) => printed(formatters.utcFormat(...given)),
  });
}

/** Twice the size that the chart has on the page: sharp on the screens of phones. */
const PICTURE_SCALE = 2;

/** In pixels: what a telephone leaves of a mail's width. */
const NARROW_WIDTH = 358;

/**
 * Draws on Vega's own canvas, which has the registered fonts and by which the labels were measured. A spec with a
 * parameter `narrow` is drawn anew for a telephone, from the same rows.
 */
async function pictureOf(view: vega.View, { signals = [] }: vega.Spec): Promise<Uint8Array> {
  if (signals.some(({ name }) => name === 'narrow'))
    await view.signal('narrow', true).width(NARROW_WIDTH).runAsync();
  const canvas = drawn.parse(await view.background('#ffffff').toCanvas(PICTURE_SCALE));
  return pngOf(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height));
}

/** The canvas of Node, which Vega's types do not describe. */
const drawn = z.custom<Canvas>(
  (canvas) => typeof canvas === 'object' && canvas !== null && 'getContext' in canvas,
);

/** Vega's warning for a layer without rows, such as the outliers of a box plot that has none. */
const infinite = /^Infinite extent\b/;

/** Whether each scale still has a domain, from the rows of other layers. */
function haveRows(view: vega.View, { scales = [] }: vega.Spec): boolean {
  return scales.every(({ domain }) => {
    const sources = sourcesOf(domain);
    return sources.length === 0 || sources.some((source) => view.data(source).length > 0);
  });
}

function sourcesOf(domain: unknown): string[] {
  if (typeof domain !== 'object' || domain === null) return [];
  return Object.entries(domain).flatMap(([key, value]) =>
    key === 'data' && typeof value === 'string' ? [value] : sourcesOf(value),
  );
}

/**
 * Finds faults in a chart that do not depend on its rows. `columns` are the columns of its data sets, null if not
 * known.
 */
export function checkChart(
  spec: object,
  { theme, file, columns }: { theme: object; file: string; columns: Columns },
): readonly Fault[] {
  try {
    compileChecked(spec, { theme, file, columns, warnings: [] });
    return [];
  } catch (cause) {
    if (cause instanceof AppError) return cause.faults;
    return [{ file, problem: reasonOf(cause), hint: 'Correct the spec.' }];
  }
}

/** Vega-Lite's messages can include the whole spec, which hides the actual fault. */
const reasonOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).replace(/\{[^]{80,}\}/, '{…}');

/** A copy that Vega may modify, without characters that SVG does not allow. */
function drawable(value: Value): Value {
  if (typeof value === 'string') return value.replaceAll(unwritable, '');
  // Coordinates need no copy: Vega modifies rows but not the values inside them.
  if (Array.isArray(value)) return typeof value[0] === 'number' ? value : value.map(drawable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, drawable(item)]));
}

interface Compiling {
  readonly theme: object;
  readonly file: string;
  /** Receives the warnings of the spec. */
  readonly warnings: string[];
}

/** Returns the compiled spec. Throws `chart-failed` with every fault that can be found before drawing. */
function compileChecked(
  spec: object,
  { columns, ...compiling }: Compiling & { readonly columns: Columns },
): CompiledChart {
  const { theme, file, warnings } = compiling;
  refuse(checkSpec(spec, { file, given: Object.keys(columns) }));
  // Kept, because compiling takes most of a chart's time and depends only on the spec and theme.
  const key = hashOf(JSON.stringify([spec, theme]));
  const known = compiledCharts.get(key);
  warnings.push(...(known?.warnings ?? []));
  const compiled = known ?? compileSpec(spec, compiling);
  compiledCharts.set(key, compiled);
  const fields = JSON.stringify(columns);
  if (!compiled.fitting.has(fields)) {
    refuse(checkFields(spec, { file, compiled: compiled.spec, columns }));
    compiled.fitting.add(fields);
  }
  return compiled;
}

function refuse(faults: readonly Fault[]): void {
  if (faults.length > 0) throw new AppError('chart-failed', faults);
}

function compileSpec(spec: object, { theme, file, warnings }: Compiling): CompiledChart {
  refuse(checkAgainstSchema(spec, { file }));
  let vegaSpec: vega.Spec;
  try {
    // Without a description of each mark, because the page replaces them all with one text alternative.
    const config = { ...theme, aria: false };
    const logger = strictLogger(warnings);
    // Vega-Lite's spec types are stricter than can be checked for JSON here; it warns about anything that it cannot
    // read.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const written = compile(structuredClone(spec) as never, { config, logger }).spec;
    // `inUtc` preserves the shape.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    vegaSpec = inUtc(written) as vega.Spec;
  } catch (cause) {
    refuse(checkAgainstSchema(spec, { file, strict: true }));
    throw cause;
  }
  const runtime = vega.parse(structuredClone(vegaSpec), undefined, { ast: true });
  return { spec: vegaSpec, runtime, warnings: [...warnings], fitting: new Set() };
}

/** A loader that loads nothing, so that no spec can read a file or an address. */
function closedLoader(refusals: string[]): vega.Loader {
  const block = (address: string): Promise<never> => {
    refusals.push(`The spec requests "${address}", but charts may not load anything.`);
    return Promise.reject(new Error('charts may not load anything'));
  };
  return { load: block, http: block, file: block, sanitize: () => Promise.resolve({ href: '#' }) };
}

/** Collects warnings, because Vega continues after them. */
function strictLogger(warnings: string[]): vega.LoggerInterface {
  const collect = (...messages: readonly unknown[]) => {
    warnings.push(
      messages.map((message) => (message instanceof Error ? message.message : String(message))).join(' '),
    );
    return logger;
  };
  const logger: vega.LoggerInterface = {
    level: (level?: number) => (level === undefined ? vega.Warn : logger),
    error: collect,
    warn: collect,
    info: () => logger,
    debug: () => logger,
  };
  return logger;
}

/** Draws one chart. Throws `chart-failed`, `chart-slow` and `chart-unfinished`. */
export type DrawChart = (request: ChartRequest) => Promise<Drawing>;
