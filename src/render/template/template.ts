import Handlebars from 'handlebars';
import { z } from 'zod';
import { AppError, type ErrorCode, type Fault } from '../../errors.ts';
import { type Locale, MessageError } from '../../locale.ts';
import type { SourceFile } from '../../project/brief.ts';
import { isShared } from '../../project/source-files.ts';
import { mostAlike } from './find-text.ts';
import { MarkedValue, madeOf, rawOf } from './row-value.ts';
import { enter, guard, leave, mark, type NamesOf } from './check.ts';
import { compilingOnce, parseOnce } from './compiled.ts';
import { RenderingLimits } from './limits.ts';
import { valueOf } from './places.ts';
import { type Put, traceCall, traceEnd } from './trace.ts';

type Helpers = { readonly [name: string]: Handlebars.HelperDelegate };

/** Excludes `lookup`, which returns nothing for an unknown name instead of failing. */
const builtIn = ['if', 'unless', 'each', 'with'];

export interface TemplateSources {
  readonly template: SourceFile;
  readonly partials: { readonly [name: string]: SourceFile };
  readonly helpers: Helpers;
  /** Receives each printed expression; its result marks the expression's output. */
  readonly onPut?: (put: Put) => string;
  /** What the template may name under `rows`, `findings` and so on. Without it, only rendering finds unknown names. */
  readonly names?: NamesOf;
  /** Has the messages that the templates print; without it, only rendering finds those that are missing. */
  readonly locale?: Locale;
}

/** Renders one page, with traces of its origins. `check` is called regularly and throws to stop the page. */
export type Template = (context: object, check?: () => void) => string;

/**
 * Compiles a template with its partials. Handlebars' own strict mode accepts unknown names as arguments of helpers,
 * blocks, hashes and partials, so every name look-up is wrapped in a check that knows its file and line. A missing
 * value is null; undefined means an unknown name. What Handlebars makes of a text is kept, so compiling again is cheap.
 *
 * Throws `template-invalid` with every fault that can be found without data. The returned function throws it, or
 * `citation-unknown`, with every fault found while rendering: an unknown name or failing helper prints nothing, so that
 * rendering continues and finds the others too.
 */
export function compileTemplate({
  template,
  partials,
  helpers,
  onPut,
  names: namesOf,
  locale,
}: TemplateSources): Template {
  const names = {
    helpers: new Set([...Object.keys(helpers), ...builtIn]),
    partials: new Set(Object.keys(partials)),
    placed: onPut !== undefined,
    locale,
  };
  const parts = Object.entries(partials).map(([name, source]) => ({ name, ...parseOnce(source, names) }));
  const main = parseOnce(template, { ...names, of: namesOf });
  const faults = [...parts, main].flatMap(({ faults: found }) => found);
  if (faults.length > 0) throw new AppError('template-invalid', faults);

  const options = {
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: Object.fromEntries(
      [...names.helpers, mark, guard, enter, leave, valueOf].map((name) => [name, true]),
    ),
  };

  return (context, check) => {
    const handlebars = Handlebars.create();
    const limits = new RenderingLimits(check);
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
      const within = `(In ${file}${line === undefined ? '' : `, line ${line}`}.)`;
      return { ...fault, ...call, problem: `${problem} ${within}` };
    };
    /** A helper that gets the original values, each item of a list counted, and whose result has their provenance. */
    const overRaw = (helper: Handlebars.HelperDelegate): Handlebars.HelperDelegate =>
      function (this: unknown, ...args: unknown[]): unknown {
        const given = args.slice(0, -1);
        for (const list of given) if (Array.isArray(list)) limits.addRounds(list.length);
        return madeOf(Reflect.apply(helper, this, [...given.map(rawOf), args.at(-1)]), given);
      };
    let reading: (() => Fault) | undefined;
    const faultOfReading = (): Fault | undefined => reading?.();
    const { if: builtInIf, each: builtInEach } = handlebars.helpers;
    handlebars.registerHelper({
      ...Object.fromEntries(
        Object.entries(helpers).map(([name, helper]) => [
          name,
          located(overRaw(helper), { name, met, atCall }),
        ]),
      ),
      // `unless` uses it too. Applied to the original value: a wrapped zero would count as true.
      if(this: unknown, condition: unknown, given: unknown): unknown {
        return builtInIf && Reflect.apply(builtInIf, this, [rawOf(condition), given]);
      },
      ...(builtInEach && { each: located(limits.each(builtInEach), { name: 'each', met, atCall }) }),
      [mark](this: unknown, name: string, file: string, line: number, { data }: Handlebars.HelperOptions) {
        reading = () => ({
          file,
          line,
          ...nothingNamed(name, namesBeside(name, { here: this, root: data?.root })),
        });
      },
      [valueOf](this: unknown, file: string, line: number, expression: string, value: unknown) {
        if (value === null || value === undefined) return value;
        const put = onPut?.({ file, line, expression, context: rawOf(this) }) ?? '';
        return new MarkedValue(value, put);
      },
      [enter]: (file: string, line: number) => {
        calls.push({ file, line });
        return new Handlebars.SafeString(traceCall(ownCall() ?? { file, line }));
      },
      [leave]: () => {
        calls.pop();
        return new Handlebars.SafeString(traceEnd);
      },
      [guard]: (_: unknown, value: unknown) => {
        const unknown = value === undefined ? reading : undefined;
        reading = undefined;
        if (unknown === undefined) return value;
        met.add('template-invalid', [atCall(unknown())]);
        return null;
      },
    });
    const { resolvePartial } = Handlebars.VM;
    Object.assign(handlebars, compilingOnce, {
      VM: {
        ...Handlebars.VM,
        // Even a few partials and blocks can multiply without a loop.
        resolvePartial: (...given: Parameters<typeof resolvePartial>) => {
          limits.addRounds(1);
          return resolvePartial(...given);
        },
      },
    });
    for (const { name, program } of parts)
      handlebars.registerPartial(name, handlebars.compile(program, options));
    let page = '';
    try {
      page = handlebars.compile(main.program, options)(context);
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

/** Collects faults found while rendering one page, without duplicates, so that the author sees all of them at once. */
class MetFaults {
  readonly #faults = new Map<string, Fault>();
  #code: ErrorCode | undefined;
  #cause: unknown;

  add(code: ErrorCode, faults: readonly Fault[], cause?: unknown): void {
    for (const fault of faults)
      this.#faults.set(JSON.stringify([fault.file, fault.line, fault.problem]), fault);
    this.#code ??= code;
    this.#cause ??= cause;
  }

  /**
   * For a helper with an invalid argument: an unknown name on the same line is already reported, and is the likely
   * cause.
   */
  addUnlessMetAt(fault: Fault, cause: unknown): void {
    const isMet = [...this.#faults.values()].some(
      ({ file, line }) => file === fault.file && line === fault.line,
    );
    if (!isMet) this.add('template-invalid', [fault], cause);
  }

  /** Throws all faults, if there are any, with the code of the first. */
  throw(): void {
    if (this.#code !== undefined)
      throw new AppError(this.#code, [...this.#faults.values()], { cause: this.#cause });
  }
}

function nothingNamed(name: string, beside: readonly string[]): Pick<Fault, 'problem' | 'hint'> {
  const alike = mostAlike(name.split('.').at(-1) ?? name, beside, 3);
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
