import Handlebars from 'handlebars';
import { z } from 'zod';
import { AppError, type Fault } from '../errors.ts';
import type { SourceFile } from '../project/brief.ts';
import { mostAlike } from './find-text.ts';
import { MetFaults } from './met-faults.ts';
import { madeOf, rawOf } from './row-value.ts';
import { enter, guard, leave, mark, parseTemplate } from './template-check.ts';
import { RenderingLimits } from './template-limits.ts';
import { placeOf } from './template-places.ts';
import { isShared, type Put, traceCall, traceEnd } from './trace.ts';

type Helpers = { readonly [name: string]: Handlebars.HelperDelegate };

/** Not `lookup`: a name that it does not find would pass as nothing. */
const builtIn = ['if', 'unless', 'each', 'with'];

export interface TemplateSources {
  readonly template: SourceFile;
  readonly partials: { readonly [name: string]: SourceFile };
  readonly helpers: Helpers;
  /** Whether the page carries traces of what wrote it, for the gate. */
  readonly traced?: boolean;
  /** Whether each printed expression is handed to `onPut`, and marked by what that gives. */
  readonly onPut?: (put: Put) => string;
}

interface RenderOptions {
  /** Stand in for those of the same names that the page was compiled with. */
  readonly helpers?: Helpers;
  /** Called every so often: it may throw to stop the page. */
  readonly check?: (() => void) | undefined;
}

/** Renders one page. */
export type Template = (context: object, options?: RenderOptions) => string;

/**
 * Compiles a template with its partials. Handlebars' own strict mode lets unknown names pass as arguments of helpers,
 * blocks, hashes and partials, so every name that is looked up is wrapped in a check that knows its file and line.
 * An absent value is null; undefined is a name that does not exist.
 *
 * Throws `template-invalid` with every fault that can be seen without data. The returned function throws it, or
 * `citation-unknown`, with every fault met in rendering: where a name is unknown or a helper fails, it goes on as if
 * nothing stood there, to find the others too.
 */
export function compileTemplate({
  template,
  partials,
  helpers,
  traced = false,
  onPut,
}: TemplateSources): Template {
  const names = {
    helpers: new Set([...Object.keys(helpers), ...builtIn]),
    partials: new Set(Object.keys(partials)),
    traced,
    placed: onPut !== undefined,
  };
  const parsed = Object.entries({ ...partials, '': template }).map(([name, source]) => ({
    name,
    ...parseTemplate(source, names),
  }));
  const faults = parsed.flatMap(({ faults: found }) => found);
  if (faults.length > 0) throw new AppError('template-invalid', faults);

  const handlebars = Handlebars.create();
  const limits = new RenderingLimits();
  Object.assign(handlebars, {
    VM: { ...Handlebars.VM, resolvePartial: limits.partial(Handlebars.VM.resolvePartial) },
  });
  const met = new MetFaults();
  /** The partials that are being rendered, the innermost last, and where each was called. */
  const calls: { readonly file: string; readonly line: number }[] = [];
  /** The innermost call that the author wrote. */
  const ownCall = () => calls.findLast(({ file }) => !isShared(file));
  /** A fault within a shared partial is reported where the author called it. */
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
      [...names.helpers, mark, guard, enter, leave, placeOf].map((name) => [name, true]),
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
      const mend = 'Correct the template or one of its partials.';
      // Reading a name fails where what stands before its last dot is not there.
      met.add('template-invalid', [faultOfReading() ?? { file: template.file, problem, mend }], cause);
    }
    met.throw();
    return page;
  };
}

function nothingNamed(name: string, beside: readonly string[]): Pick<Fault, 'problem' | 'mend'> {
  const alike = mostAlike(name.split('.').at(-1) ?? name, beside, { least: 0.3, most: 3 });
  const quoted = (names: readonly string[]) => names.map((each) => `"${each}"`);
  const hint =
    alike.length > 0
      ? `Did you mean ${quoted(alike).join(' or ')}? `
      : beside.length > 0
        ? `There are ${quoted(beside.slice(0, 12)).join(', ')}. `
        : '';
  return {
    problem: `Nothing is named "${name}" here.`,
    mend: `${hint}Correct the name, or add the query, column, chart or finding that it should stand for.`,
  };
}

const record = z.looseObject({});

/** The names that stand where the last part of a name was looked for. */
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

/** `if`, by which `unless` works too, over the value itself: a number that is nought prints, and is not so. */
const ifRaw = (original: Handlebars.HelperDelegate | undefined): Handlebars.HelperDelegate =>
  function (this: unknown, condition: unknown, options: unknown): unknown {
    return original && Reflect.apply(original, this, [rawOf(condition), options]);
  };

/** The helper over the values themselves; what it makes of them is still theirs. */
const overRaw = (helper: Handlebars.HelperDelegate): Handlebars.HelperDelegate =>
  function (this: unknown, ...args: unknown[]): unknown {
    const given = args.slice(0, -1);
    return madeOf(Reflect.apply(helper, this, [...given.map(rawOf), args.at(-1)]), given);
  };

/**
 * The helper with its faults placed where the template calls it. Where it fails on what it is given it prints nothing,
 * so that the rest of the page is looked through too; a page that takes too much is stopped.
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
      else throw cause;
      return '';
    }
  };
}

function cannotTake(name: string, { issues }: z.ZodError): Pick<Fault, 'problem' | 'mend'> {
  const reasons = issues.map(({ message }) => message.replace('Invalid input: ', '')).join('; ');
  return { problem: `"${name}" cannot take what it is given: ${reasons}.`, mend: 'Give it another value.' };
}

/** The error with its faults placed where none of them was. */
function placed(error: AppError, place: Pick<Fault, 'file' | 'line'>): AppError {
  if (error.faults.every(({ file }) => file !== undefined)) return error;
  const faults = error.faults.map((fault) => (fault.file === undefined ? { ...place, ...fault } : fault));
  return new AppError(error.code, faults, { cause: error });
}

const call = z.object({ loc: z.object({ source: z.string(), start: z.object({ line: z.number() }) }) });
