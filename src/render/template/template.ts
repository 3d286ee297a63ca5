import Handlebars from 'handlebars';
import { z } from 'zod';
import { AppError, type Fault } from '../../errors.ts';
import { type Locale, MessageError } from '../../locale.ts';
import type { SourceFile } from '../../project/brief.ts';
import { isShared } from '../../project/source-files.ts';
import { mostAlike } from './find-text.ts';
import { MetFaults } from '../met-faults.ts';
import { MarkedValue, madeOf, rawOf } from './row-value.ts';
import { enter, guard, leave, mark, type NamesOf } from './check.ts';
import { compilingOnce, parseOnce } from './compiled.ts';
import { RenderingLimits } from './limits.ts';
import { placeOf, valueOf } from './places.ts';
import { type Put, traceCall, traceEnd } from './trace.ts';

type Helpers = { readonly [name: string]: Handlebars.HelperDelegate };

/** Excludes `lookup`, which returns nothing for an unknown name instead of failing. */
const builtIn = ['if', 'unless', 'each', 'with'];

export interface TemplateSources {
  readonly template: SourceFile;
  readonly partials: { readonly [name: string]: SourceFile };
  readonly helpers: Helpers;
  /** Whether the page carries traces of its origins, for the gate. */
  readonly traced?: boolean;
  /** Receives each printed expression; its result marks the expression's output. */
  readonly onPut?: (put: Put) => string;
  /** What the template may name under `rows`, `findings` and so on. Without it, only rendering finds unknown names. */
  readonly names?: NamesOf;
  /** Has the messages that the templates print; without it, only rendering finds those that are missing. */
  readonly locale?: Locale;
}

interface RenderOptions {
  /** Replace the helpers of the same names that the page was compiled with. */
  readonly helpers?: Helpers;
  /** Called regularly; throws to stop the page. */
  readonly check?: (() => void) | undefined;
}

/** Renders one page. */
export type Template = (context: object, options?: RenderOptions) => string;

/**
 * Compiles a template with its partials. Handlebars' own strict mode accepts unknown names as arguments of helpers,
 * blocks, hashes and partials, so every name look-up is wrapped in a check that knows its file and line. A missing
 * value is null; undefined means an unknown name.
 *
 * Throws `template-invalid` with every fault that can be found without data. The returned function throws it, or
 * `citation-unknown`, with every fault found while rendering: an unknown name or failing helper prints nothing, so that
 * rendering continues and finds the others too.
 */
export function compileTemplate({
  template,
  partials,
  helpers,
  traced = false,
  onPut,
  names: namesOf,
  locale,
}: TemplateSources): Template {
  const names = {
    helpers: new Set([...Object.keys(helpers), ...builtIn]),
    partials: new Set(Object.keys(partials)),
    traced,
    placed: onPut !== undefined,
    locale,
  };
  const parsed = Object.entries({ ...partials, '': template }).map(([name, source]) => ({
    name,
    ...parseOnce(source, name === '' ? { ...names, of: namesOf } : names),
  }));
  const faults = parsed.flatMap(({ faults: found }) => found);
  if (faults.length > 0) throw new AppError('template-invalid', faults);

  const handlebars = Handlebars.create();
  const limits = new RenderingLimits();
  Object.assign(handlebars, compilingOnce, {
    VM: { ...Handlebars.VM, resolvePartial: limits.partial(Handlebars.VM.resolvePartial) },
  });
  const met = new MetFaults();
  /** The partials being rendered, innermost last, with the location of each call. */
  const calls: { readonly file: string; readonly line: number }[] = [];
  /** The innermost call written by the author. */
  const ownCall = () => calls.findLast(({ file }) => !isShared(file));
  /** Reports a fault in a shared partial at the author's call. */
  const atCall = (fault: Fault): Fault => {
    const call = ownCall();
    if (call === undefined || !isShared(fault.file ?? '')) return fault;
    const { file = '', line, problem } = fault;
    return {
      ...fault,
      file: call.file,
      line: call.line,
      problem: `${problem} (In ${file}${line === undefined ? '' : `, line ${line}`}.)`,
    };
  };
  const counted = (given: Helpers) =>
    mapValues(given, (helper, name) => located(overRaw(limits.helper(helper)), { name, met, atCall }));
  const { each } = handlebars.helpers;
  let reading: (() => Fault) | undefined;
  const faultOfReading = (): Fault | undefined => reading?.();
  handlebars.registerHelper({
    ...counted(helpers),
    if: ifRaw(handlebars.helpers['if']),
    ...(each && { each: located(limits.each(each), { name: 'each', met, atCall }) }),
    [mark](this: unknown, name: string, file: string, line: number, { data }: Handlebars.HelperOptions) {
      reading = () => ({
        file,
        line,
        ...nothingNamed(name, namesBeside(name, { here: this, root: data?.root })),
      });
    },
    [placeOf](this: unknown, file: string, line: number, expression: string) {
      return new Handlebars.SafeString(onPut?.({ file, line, expression, context: rawOf(this) }) ?? '');
    },
    [valueOf](this: unknown, file: string, line: number, expression: string, value: unknown) {
      if (value === null || value === undefined) return value;
      const put = onPut?.({ file, line, expression, context: rawOf(this) }) ?? '';
      return new MarkedValue(value, put);
    },
    [enter]: (file: string, line: number) => {
      calls.push({ file, line });
      return traced ? new Handlebars.SafeString(traceCall(ownCall() ?? { file, line })) : '';
    },
    [leave]: () => {
      calls.pop();
      return traced ? new Handlebars.SafeString(traceEnd) : '';
    },
    [guard]: (_: unknown, value: unknown) => {
      const unknown = value === undefined ? reading : undefined;
      reading = undefined;
      if (unknown === undefined) return value;
      met.add('template-invalid', [atCall(unknown())]);
      return null;
    },
  });
  const options = {
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: Object.fromEntries(
      [...names.helpers, mark, guard, enter, leave, placeOf, valueOf].map((name) => [name, true]),
    ),
  };
  const compiled = new Map(parsed.map(({ name, program }) => [name, handlebars.compile(program, options)]));
  const main = compiled.get('');
  compiled.delete('');
  for (const [name, partial] of compiled) handlebars.registerPartial(name, partial);

  return (context, { helpers: own = {}, check } = {}) => {
    reading = undefined;
    limits.restart(check);
    met.restart();
    calls.length = 0;
    let page = '';
    try {
      page = main?.(context, { helpers: counted(own) }) ?? '';
      limits.checkLength(page.length);
    } catch (cause) {
      if (cause instanceof AppError) throw placed(cause, { file: template.file });
      const problem = cause instanceof Error ? cause.message : String(cause);
      const hint = 'Correct the template or one of its partials.';
      // Reading a name fails if the part before its last dot does not exist.
      met.add('template-invalid', [faultOfReading() ?? { file: template.file, problem, hint }], cause);
    }
    met.throw();
    return page;
  };
}

function nothingNamed(name: string, beside: readonly string[]): Pick<Fault, 'problem' | 'hint'> {
  const alike = mostAlike(name.split('.').at(-1) ?? name, beside, { least: 0.3, most: 3 });
  const quoted = (names: readonly string[]) => names.map((each) => `"${each}"`);
  const repeated =
    alike.length > 0
      ? `Did you mean ${quoted(alike).join(' or ')}? `
      : beside.length > 0
        ? `There are ${quoted(beside.slice(0, 12)).join(', ')}. `
        : '';
  return {
    problem: `Nothing is named "${name}" here.`,
    hint: `${repeated}Correct the name, or add the missing query, column, chart or finding.`,
  };
}

const record = z.looseObject({});

/** The names available where the last part of a name was looked up. */
function namesBeside(name: string, { here, root }: { here: unknown; root: unknown }): string[] {
  if (name.startsWith('..')) return [];
  const isOfRoot = name.startsWith('@root.');
  const path = name.replace(/^(?:@root\.|this[./]|\.\/)/, '').split('.');
  let place = record.safeParse(isOfRoot ? root : here).data;
  for (const part of path.slice(0, -1)) {
    if (place === undefined || !Object.hasOwn(place, part)) break;
    place = record.safeParse(place[part]).data;
  }
  return Object.keys(place ?? {});
}

const mapValues = (
  helpers: Helpers,
  change: (helper: Handlebars.HelperDelegate, name: string) => Handlebars.HelperDelegate,
): Helpers =>
  Object.fromEntries(Object.entries(helpers).map(([name, helper]) => [name, change(helper, name)]));

/** `if`, which `unless` uses too, applied to the original value: a wrapped zero would count as true. */
const ifRaw = (original: Handlebars.HelperDelegate | undefined): Handlebars.HelperDelegate =>
  function (this: unknown, condition: unknown, options: unknown): unknown {
    return original && Reflect.apply(original, this, [rawOf(condition), options]);
  };

/** Applies a helper to the original values, and gives the result their provenance. */
const overRaw = (helper: Handlebars.HelperDelegate): Handlebars.HelperDelegate =>
  function (this: unknown, ...args: unknown[]): unknown {
    const given = args.slice(0, -1);
    return madeOf(Reflect.apply(helper, this, [...given.map(rawOf), args.at(-1)]), given);
  };

/**
 * Adds to a helper's faults the location of its call. If its arguments are invalid it prints nothing, so that the rest
 * of the page is checked too; a page that exceeds its limits is stopped.
 */
function located(
  helper: Handlebars.HelperDelegate,
  { name, met, atCall }: { name: string; met: MetFaults; atCall: (fault: Fault) => Fault },
): Handlebars.HelperDelegate {
  return function (this: unknown, ...args: unknown[]): unknown {
    try {
      return Reflect.apply(helper, this, args);
    } catch (cause) {
      const { loc } = call.parse(args.at(-1));
      const place = { file: loc.source, line: loc.start.line };
      if (cause instanceof AppError && cause.code !== 'citation-unknown') throw placed(cause, place);
      if (cause instanceof AppError) met.add(cause.code, placed(cause, place).faults.map(atCall), cause);
      else if (cause instanceof z.ZodError)
        met.addUnlessMetAt(atCall({ ...place, ...cannotTake(name, cause) }), cause);
      else if (cause instanceof MessageError)
        met.addUnlessMetAt(atCall({ ...place, problem: cause.message, hint: cause.hint }), cause);
      else throw cause;
      return '';
    }
  };
}

function cannotTake(name: string, { issues }: z.ZodError): Pick<Fault, 'problem' | 'hint'> {
  const reasons = issues.map(({ message }) => message.replace('Invalid input: ', '')).join('; ');
  return { problem: `The arguments of "${name}" are invalid: ${reasons}.`, hint: 'Correct the arguments.' };
}

/** Adds the location to faults that have none. */
function placed(error: AppError, place: Pick<Fault, 'file' | 'line'>): AppError {
  if (error.faults.every(({ file }) => file !== undefined)) return error;
  const faults = error.faults.map((fault) => (fault.file === undefined ? { ...place, ...fault } : fault));
  return new AppError(error.code, faults, { cause: error });
}

const call = z.object({ loc: z.object({ source: z.string(), start: z.object({ line: z.number() }) }) });
