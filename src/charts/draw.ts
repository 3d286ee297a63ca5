import { createHash } from 'node:crypto';
import * as vega from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile } from 'vega-lite';
import type { Row, Value } from '../dataset/parse-rows.ts';
import { AppError, type Fault } from '../errors.ts';
import { checkFields, type Columns } from './fields.ts';
import { readScene, rowKey, type Scene } from './scene.ts';
import { checkAgainstSchema } from './schema.ts';
import { checkSpec, inUtc } from './spec.ts';
import { cleanSvg, outsideReferences, unwritable } from './svg.ts';

export interface ChartRequest {
  /** Unique in the page: it prefixes every id in the drawing. */
  readonly name: string;
  /** The spec's file, for messages. */
  readonly file: string;
  /** A Vega-Lite spec whose data sets are named, and hold nothing themselves. */
  readonly spec: object;
  /** Vega-Lite configuration shared by all charts. */
  readonly theme: object;
  readonly data: { readonly [name: string]: readonly Row[] };
  /** Further data sets, which are the same for every edition: the outlines of maps. */
  readonly maps?: { readonly [name: string]: readonly Row[] };
  /** The columns of data sets without rows, where they are known. */
  readonly columns?: { readonly [name: string]: readonly string[] };
  /** What the drawing says, for those who cannot see it. */
  readonly alt: string;
}

export interface Drawing {
  readonly svg: string;
  /** The Vega spec that Vega-Lite's compiles to. */
  readonly compiled: object;
  readonly scene: Scene;
  /** What Vega and Vega-Lite warn of: a chart that warns is not to be trusted, and the gate holds it. */
  readonly warnings: readonly string[];
}

interface CompiledChart {
  readonly spec: vega.Spec;
  /** The dataflow that Vega makes of it. */
  readonly runtime: vega.Runtime;
  /** The columns with which every field was found, each as JSON. */
  readonly fitting: Set<string>;
}
const compiledCharts = new Map<string, CompiledChart>();

/**
 * Draws one chart as SVG. The scales are in UTC, text is measured with the fonts that are registered, and expressions
 * run in Vega's interpreter, which compiles no code. Throws `chart-failed` for what a spec may not contain, for words
 * that Vega-Lite does not know, for data and fields that it names and is not given, and for what it would load.
 */
export async function drawChart({
  name,
  file,
  spec,
  theme,
  data,
  maps,
  columns = {},
  alt,
}: ChartRequest): Promise<Drawing> {
  const sets = Object.entries({ ...data, ...maps });
  const failed = (problems: readonly string[], cause?: unknown) =>
    new AppError(
      'chart-failed',
      problems.map((problem): Fault => ({
        file,
        problem,
        mend: 'Correct the spec, or the query that feeds it.',
      })),
      { cause },
    );
  const known = Object.fromEntries(
    sets.map(([set, rows]) => [
      set,
      rows.length > 0 ? [...new Set(rows.flatMap((row) => Object.keys(row)))] : (columns[set] ?? null),
    ]),
  );

  const warnings: string[] = [];
  const refusals: string[] = [];
  const logger = strictLogger(warnings);
  try {
    const { spec: compiled, runtime } = compileChecked(spec, {
      theme,
      file,
      columns: known,
      logger,
      warnings,
    });
    const view = new vega.View(runtime, {
      renderer: 'none',
      expr: expressionInterpreter,
      loader: closedLoader(refusals),
      logger,
    });
    try {
      for (const [set, rows] of sets) {
        view.data(
          set,
          rows.map((row, index) => Object.assign({ [rowKey]: `${set} ${index}` }, drawable(row))),
        );
      }
      await view.runAsync();
      const usual = haveRows(view, compiled) ? warnings.filter((each) => !infinite.test(each)) : warnings;
      const svg = await view.toSVG();
      for (const reference of outsideReferences(svg)) {
        refusals.push(`The drawing holds ${reference}, and charts may not load anything.`);
      }
      if (refusals.length > 0) throw failed([...new Set(refusals)]);
      const scene = readScene(view, svg);
      return { svg: cleanSvg(svg, { name, alt }), compiled, scene, warnings: [...new Set(usual)] };
    } finally {
      view.finalize();
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw failed([...refusals, ...warnings, reasonOf(cause)], cause);
  }
}

/** Vega's warning of a layer without rows, such as the outliers of a box plot that has none. */
const infinite = /^Infinite extent\b/;

/** Whether each scale has a domain all the same, from the rows of other layers. */
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

/** What is wrong with a chart whatever its rows are; `columns` are those of its data sets, null where not known. */
export function checkChart(
  spec: object,
  { theme, file, columns }: { theme: object; file: string; columns: Columns },
): readonly Fault[] {
  const warnings: string[] = [];
  try {
    compileChecked(spec, { theme, file, columns, logger: strictLogger(warnings), warnings });
    return [];
  } catch (cause) {
    if (cause instanceof AppError) return cause.faults;
    return [{ file, problem: reasonOf(cause), mend: 'Correct the spec.' }];
  }
}

/** Vega-Lite's messages can hold the whole spec, which tells nobody what is wrong with it. */
const reasonOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).replace(/\{[^]{80,}\}/, '{…}');

/** A copy that Vega may write into, without what its drawing could not hold. */
function drawable(value: Value): Value {
  if (typeof value === 'string') return value.replaceAll(unwritable, '');
  // Coordinates need no copy: Vega writes into rows, not into what they hold.
  if (Array.isArray(value)) return typeof value[0] === 'number' ? value : value.map(drawable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, drawable(item)]));
}

interface Compiling {
  readonly theme: object;
  readonly file: string;
  readonly columns: Columns;
  readonly logger: vega.LoggerInterface;
  readonly warnings: string[];
}

/** The compiled spec. Throws `chart-failed` with everything that can be wrong with it before it is drawn. */
function compileChecked(spec: object, { file, columns, ...compiling }: Compiling): CompiledChart {
  const refuse = (faults: readonly Fault[]): void => {
    if (faults.length > 0) throw new AppError('chart-failed', faults);
  };
  refuse(checkSpec(spec, { file, given: Object.keys(columns) }));
  const compiled = compileOnce(spec, { ...compiling, file, refuse });
  const key = JSON.stringify(columns);
  if (!compiled.fitting.has(key)) {
    refuse(checkFields(spec, { file, compiled: compiled.spec, columns }));
    compiled.fitting.add(key);
  }
  return compiled;
}

/** Compiling takes most of a chart's time and depends on spec and theme alone. */
function compileOnce(
  spec: object,
  {
    theme,
    file,
    logger,
    warnings,
    refuse,
  }: Omit<Compiling, 'columns'> & { refuse: (faults: readonly Fault[]) => void },
): CompiledChart {
  const key = createHash('sha256')
    .update(JSON.stringify([spec, theme]))
    .digest('hex');
  const known = compiledCharts.get(key);
  if (known !== undefined) return known;
  refuse(checkAgainstSchema(spec, { file }));
  let vegaSpec: vega.Spec;
  try {
    // Vega-Lite types its specs more closely than JSON can be checked here; what it cannot read, it warns of.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const written = compile(structuredClone(spec) as never, { config: theme, logger }).spec;
    // Of the same shape.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    vegaSpec = inUtc(written) as vega.Spec;
  } catch (cause) {
    refuse(checkAgainstSchema(spec, { file, strict: true }));
    throw cause;
  }
  const runtime = vega.parse(structuredClone(vegaSpec), undefined, { ast: true });
  const compiled = { spec: vegaSpec, runtime, fitting: new Set<string>() };
  // What warns is compiled anew each time, so that it warns each time.
  if (warnings.length === 0) compiledCharts.set(key, compiled);
  return compiled;
}

/** A loader that loads nothing, so that no spec can read a file or an address. */
function closedLoader(refusals: string[]): vega.Loader {
  const refuse = (address: string): Promise<never> => {
    refusals.push(`The spec asks for "${address}", and charts may not load anything.`);
    return Promise.reject(new Error('charts may not load anything'));
  };
  return { load: refuse, http: refuse, file: refuse, sanitize: () => Promise.resolve({ href: '#' }) };
}

/** Vega draws on after a warning, so each is kept. */
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
