import { createHash } from 'node:crypto';
import * as vega from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile } from 'vega-lite';
import { AppError, type Fault } from '../model/fault.ts';
import type { Row, Value } from '../model/row.ts';
import { checkSpec, localTimeScales } from './chart-spec.ts';
import { cleanSvg, outsideReferences, unwritable } from './chart-svg.ts';
import { readScene, rowKey, type Scene } from './scene.ts';

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
  /** Scales in the time zone of the machine, by name. */
  readonly localScales: readonly string[];
}
const compiledCharts = new Map<string, CompiledChart>();

/**
 * Draws one chart as SVG. The scales are in UTC, text is measured with the fonts that are registered, and expressions
 * run in Vega's interpreter, which compiles no code. Throws `chart-failed` for what a spec may not contain, for data
 * that it names and is not given, and for what it would load.
 */
export async function drawChart({
  name,
  file,
  spec,
  theme,
  data,
  maps,
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
  const refused = checkSpec(spec, { file, given: sets.map(([set]) => set) });
  if (refused.length > 0) throw new AppError('chart-failed', refused);

  const warnings: string[] = [];
  const refusals: string[] = [];
  const logger = strictLogger(warnings);
  try {
    const {
      spec: compiled,
      runtime,
      localScales,
    } = compileOnce(spec, theme, {
      logger,
      warnings,
    });
    refusals.push(
      ...localScales.map((scale) => `The scale "${scale}" is in local time: give it the type utc.`),
    );
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
      const svg = await view.toSVG();
      for (const reference of outsideReferences(svg)) {
        refusals.push(`The drawing holds ${reference}, and charts may not load anything.`);
      }
      if (refusals.length > 0) throw failed([...new Set(refusals)]);
      const scene = readScene(view, svg);
      return { svg: cleanSvg(svg, { name, alt }), compiled, scene, warnings: [...new Set(warnings)] };
    } finally {
      view.finalize();
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw failed([...refusals, ...warnings, cause instanceof Error ? cause.message : String(cause)], cause);
  }
}

/** A copy that Vega may write into, without what its drawing could not hold. */
function drawable(value: Value): Value {
  if (typeof value === 'string') return value.replaceAll(unwritable, '');
  // Coordinates need no copy: Vega writes into rows, not into what they hold.
  if (Array.isArray(value)) return typeof value[0] === 'number' ? value : value.map(drawable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, drawable(item)]));
}

/** Compiling takes most of a chart's time and depends on spec and theme alone. */
function compileOnce(
  spec: object,
  theme: object,
  { logger, warnings }: { logger: vega.LoggerInterface; warnings: string[] },
): CompiledChart {
  const key = createHash('sha256')
    .update(JSON.stringify([spec, theme]))
    .digest('hex');
  let compiled = compiledCharts.get(key);
  if (compiled === undefined) {
    // Vega-Lite types its specs more closely than JSON can be checked here; what it cannot read, it warns of.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const vegaSpec = compile(structuredClone(spec) as never, { config: theme, logger }).spec;
    const runtime = vega.parse(structuredClone(vegaSpec), undefined, { ast: true });
    compiled = { spec: vegaSpec, runtime, localScales: localTimeScales(vegaSpec) };
    // What warns is compiled anew each time, so that it warns each time.
    if (warnings.length === 0) compiledCharts.set(key, compiled);
  }
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
