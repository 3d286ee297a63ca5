import Handlebars from 'handlebars';
import { z } from 'zod';
import type { SourceFile } from '../model/brief.ts';
import { AppError, type Fault } from '../model/fault.ts';
import { typedFigures } from '../model/typed-figures.ts';

type Helpers = { readonly [name: string]: Handlebars.HelperDelegate };

/** Not `lookup`: a name that it does not find would pass as nothing. */
const builtIn = ['if', 'unless', 'each', 'with'];

/**
 * The helpers that every looked-up name is passed through, before and after; templates cannot write them, since a name
 * has no blank.
 */
const mark = 'name to read';
const guard = 'known value';

export interface TemplateSources {
  readonly template: SourceFile;
  readonly partials: { readonly [name: string]: SourceFile };
  readonly helpers: Helpers;
}

/** Renders one page. `helpers` stand in for those of the same names that it was compiled with. */
export type Template = (context: object, helpers?: Helpers) => string;

/**
 * Compiles a template with its partials. Handlebars' own strict mode lets unknown names pass as arguments of helpers,
 * blocks, hashes and partials, so every name that is looked up is wrapped in a check that knows its file and line.
 * An absent value is null; undefined is a name that does not exist.
 *
 * Throws `template-invalid` with every fault that can be seen without data, or, from the returned function, with the
 * first unknown name met.
 */
export function compileTemplate({ template, partials, helpers }: TemplateSources): Template {
  const names = {
    helpers: new Set([...Object.keys(helpers), ...builtIn]),
    partials: new Set(Object.keys(partials)),
  };
  const parsed = Object.entries({ ...partials, '': template }).map(([name, source]) => ({
    name,
    ...parse(source, names),
  }));
  const faults = parsed.flatMap(({ faults: found }) => found);
  if (faults.length > 0) throw new AppError('template-invalid', faults);

  const handlebars = Handlebars.create();
  let reading: Fault | undefined;
  handlebars.registerHelper({
    ...allLocated(helpers),
    [mark]: (name: string, file: string, line: number) => {
      reading = { file, line, ...nothingNamed(name) };
    },
    [guard]: (_: unknown, value: unknown) => {
      if (value === undefined && reading) throw new AppError('template-invalid', [reading]);
      reading = undefined;
      return value;
    },
  });
  const options = {
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: Object.fromEntries([...names.helpers, mark, guard].map((name) => [name, true])),
  };
  const compiled = new Map(parsed.map(({ name, program }) => [name, handlebars.compile(program, options)]));
  const main = compiled.get('');
  compiled.delete('');
  for (const [name, partial] of compiled) handlebars.registerPartial(name, partial);

  return (context, own = {}) => {
    reading = undefined;
    try {
      return main?.(context, { helpers: allLocated(own) }) ?? '';
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      const problem = cause instanceof Error ? cause.message : String(cause);
      const mend = 'Correct the template or one of its partials.';
      // Reading a name fails where what stands before its last dot is not there.
      throw new AppError('template-invalid', [reading ?? { file: template.file, problem, mend }], { cause });
    }
  };
}

const nothingNamed = (name: string) => ({
  problem: `Nothing is named "${name}" here.`,
  mend: 'Correct the name, or add the query, column, chart or finding that it should stand for.',
});

const allLocated = (helpers: Helpers) =>
  Object.fromEntries(Object.entries(helpers).map(([name, helper]) => [name, located(name, helper)]));

/** The helper with its faults placed where the template calls it. */
function located(name: string, helper: Handlebars.HelperDelegate): Handlebars.HelperDelegate {
  return function (this: unknown, ...args: unknown[]): unknown {
    try {
      return Reflect.apply(helper, this, args);
    } catch (cause) {
      const { loc } = call.parse(args.at(-1));
      const place = { file: loc.source, line: loc.start.line };
      if (cause instanceof AppError) {
        const faults = cause.faults.map((fault) =>
          fault.file === undefined ? { ...place, ...fault } : fault,
        );
        throw new AppError(cause.code, faults, { cause });
      }
      if (!(cause instanceof z.ZodError)) throw cause;
      const reasons = cause.issues.map(({ message }) => message.replace('Invalid input: ', '')).join('; ');
      const problem = `"${name}" cannot take what it is given: ${reasons}.`;
      throw new AppError('template-invalid', [{ ...place, problem, mend: 'Give it another value.' }], {
        cause,
      });
    }
  };
}

const call = z.object({ loc: z.object({ source: z.string(), start: z.object({ line: z.number() }) }) });

function parse(
  { file, text }: SourceFile,
  names: { helpers: ReadonlySet<string>; partials: ReadonlySet<string> },
): { program: hbs.AST.Program; faults: Fault[] } {
  let program: hbs.AST.Program;
  try {
    program = Handlebars.parse(text, { srcName: file });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const line = Number(/line (\d+)/.exec(message)?.[1] ?? 1);
    return {
      program: Handlebars.parse(''),
      faults: [{ file, line, problem: message.split('\n')[0] ?? message, mend: 'Correct the syntax.' }],
    };
  }
  const walk = new TemplateCheck(file, names);
  walk.accept(program);
  return { program, faults: [...walk.faults, ...typedInFigures(file, text)] };
}

function isPath(node: hbs.AST.Node): node is hbs.AST.PathExpression {
  return node.type === 'PathExpression';
}

/** Finds what a template may not contain, and wraps each looked-up name in the guard. */
class TemplateCheck extends Handlebars.Visitor {
  readonly faults: Fault[] = [];
  readonly #file: string;
  readonly #names: { helpers: ReadonlySet<string>; partials: ReadonlySet<string> };

  constructor(file: string, names: { helpers: ReadonlySet<string>; partials: ReadonlySet<string> }) {
    super();
    this.#file = file;
    this.#names = names;
  }

  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    if (!mustache.escaped) {
      this.#fault(
        mustache,
        'A triple brace or & prints data without escaping it.',
        'Use {{…}}, or a helper.',
      );
    }
    const { path } = mustache;
    if (isPath(path) && !this.#isHelper(path)) {
      if (mustache.params.length > 0) this.#unknownHelper(path);
      mustache.params = this.#guarded(path).params;
      mustache.path = this.#helperPath(guard, path);
      return;
    }
    this.#arguments(mustache);
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    if (!this.#isHelper(block.path)) this.#unknownHelper(block.path);
    this.#arguments(block);
    this.accept(block.program);
    // The types leave out that a block may have no inverse.
    if (block.inverse as hbs.AST.Program | undefined) this.accept(block.inverse);
  }

  override SubExpression(expression: hbs.AST.SubExpression): void {
    if (!this.#isHelper(expression.path)) this.#unknownHelper(expression.path);
    this.#arguments(expression);
  }

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    this.#partial(partial);
  }

  override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
    this.#partial(partial);
    this.accept(partial.program);
  }

  #partial(partial: hbs.AST.PartialStatement | hbs.AST.PartialBlockStatement): void {
    const name = isPath(partial.name) ? partial.name.original : undefined;
    if (name === undefined || (name !== '@partial-block' && !this.#names.partials.has(name))) {
      this.#fault(
        partial,
        name === undefined ? 'A partial must be named outright.' : `There is no partial "${name}".`,
        `Name one of ${[...this.#names.partials].toSorted().join(', ')}.`,
      );
    }
    this.#arguments(partial);
  }

  #arguments(node: { params: hbs.AST.Expression[]; hash: hbs.AST.Hash }): void {
    node.params = node.params.map((param) => this.#argument(param));
    // The types leave out that a call may have no hash.
    for (const pair of (node.hash as hbs.AST.Hash | undefined)?.pairs ?? [])
      pair.value = this.#argument(pair.value);
  }

  #argument(expression: hbs.AST.Expression): hbs.AST.Expression {
    if (isPath(expression)) return this.#guarded(expression);
    this.accept(expression);
    return expression;
  }

  #guarded(path: hbs.AST.PathExpression): hbs.AST.SubExpression {
    const { loc } = path;
    const literal = (value: string) =>
      ({ type: 'StringLiteral', value, original: value, loc }) satisfies hbs.AST.StringLiteral;
    const line = { type: 'NumberLiteral', value: loc.start.line, original: loc.start.line, loc } as const;
    const hash: hbs.AST.Hash = { type: 'Hash', pairs: [], loc };
    const marked: hbs.AST.SubExpression = {
      type: 'SubExpression',
      path: this.#helperPath(mark, path),
      params: [literal(path.original), literal(this.#file), line],
      hash,
      loc,
    };
    return { type: 'SubExpression', path: this.#helperPath(guard, path), params: [marked, path], hash, loc };
  }

  #helperPath(name: string, { loc }: hbs.AST.Node): hbs.AST.PathExpression {
    return { type: 'PathExpression', data: false, depth: 0, parts: [name], original: name, loc };
  }

  #isHelper(path: hbs.AST.Expression): boolean {
    return isPath(path) && this.#names.helpers.has(path.original);
  }

  #unknownHelper(path: hbs.AST.Expression): void {
    const name = isPath(path) ? path.original : path.type;
    this.#fault(
      path,
      `There is no helper "${name}".`,
      `Use one of ${[...this.#names.helpers].toSorted().join(', ')}.`,
    );
  }

  #fault(node: hbs.AST.Node, problem: string, mend: string): void {
    this.faults.push({ file: this.#file, line: node.loc.start.line, problem, mend });
  }
}

/** Figures belong in the data: a template that types one cannot follow when the data change. */
function typedInFigures(file: string, text: string): Fault[] {
  // The method note explains scales whose figures are conventions, and the head holds page furniture.
  if (/(^|\/)(method|head)\.hbs$/.test(file)) return [];
  const blank = (match: string) => match.replaceAll(/[^\n]/g, ' ');
  const prose = text
    .replaceAll(/\{\{!--[\s\S]*?--\}\}/g, blank)
    .replaceAll(/\{\{[^}]*\}\}/g, blank)
    .replaceAll(/<style>[\s\S]*?<\/style>/g, blank)
    .replaceAll(/<[^>]*>/g, blank)
    .replaceAll(/&#?\w+;/g, blank);
  return prose.split('\n').flatMap((line, index) =>
    typedFigures(line).map((figure) => ({
      file,
      line: index + 1,
      problem: `The figure "${figure}" is typed into a template.`,
      mend: 'Put it into the row that states it, and print the row.',
    })),
  );
}
