import Handlebars from 'handlebars';
import { type Fault, meantBy } from '../../errors.ts';
import { type Locale, MessageError } from '../../locale.ts';
import type { SourceFile } from '../../project/brief.ts';
import { markPlaces } from './places.ts';
import { callOf, isPartial, isPath, isText, literal, pairsOf, placeIn, statementOf } from './syntax-tree.ts';
import { forged, traceBlock, traceElements } from './trace.ts';

/**
 * The helpers called before and after each name look-up. Templates cannot call them, because template names have no
 * spaces.
 */
export const mark = 'name to read';
export const guard = 'known value';
/** The helpers that record where a partial is called and where it ends. */
export const enter = 'partial begins';
export const leave = 'partial ends';

export interface Names {
  readonly helpers: ReadonlySet<string>;
  readonly partials: ReadonlySet<string>;
  /** Whether each printed expression is marked. */
  readonly placed: boolean;
  /** What there is under `rows`, `findings` and so on, if the template is a brief's own; a partial may have another context. */
  readonly of?: NamesOf | undefined;
  /** Has the messages that templates print. */
  readonly locale?: Locale | undefined;
}

/** The names under each name of a page: `rows` has the brief's queries. */
export interface NamesOf {
  readonly [group: string]: readonly string[];
}

/** Reads a template and returns its syntax tree, with every name wrapped in the guard, and its forbidden contents. */
export function parseTemplate(
  { file, text }: SourceFile,
  names: Names,
): { program: hbs.AST.Program; faults: Fault[] } {
  let program: hbs.AST.Program;
  try {
    program = Handlebars.parse(text, { srcName: file });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { program: Handlebars.parse(''), faults: [{ file, ...syntaxFault(message) }] };
  }
  const walk = new TemplateCheck({ file, text }, names);
  walk.accept(program);
  return { program, faults: walk.faults };
}

/**
 * The fault in a message of Handlebars: `each doesn't match if - 13:3`, or the line, the text around the place without
 * its line breaks, an arrow and what was expected.
 */
function syntaxFault(message: string): Fault {
  const [, open, close, at] = /^(\S+) doesn't match (\S+) - (\d+):/.exec(message) ?? [];
  if (open !== undefined) {
    const problem = `The block "${open}" ends with {{/${close}}}.`;
    return { line: Number(at), problem, hint: `Write {{/${open}}} before it.` };
  }
  const [first = '', text = '', arrow = ''] = message.split('\n');
  const line = Number(/line (\d+)/.exec(first)?.[1] ?? 1);
  if (message.endsWith(`got 'EOF'`)) {
    const problem = 'A block or an expression is open at the end of the file.';
    return { line, problem, hint: 'Close it. A block ends with its name, such as {{/if}}.' };
  }
  const near = text.slice(Math.max(0, arrow.length - 25), arrow.length + 15).trim();
  return {
    line,
    problem: `The template has a mistake near "${near}".`,
    hint: 'Look for a quote or brace that is missing there or before, or an end such as {{/if}} without its block.',
  };
}

/** The helpers that print messages, and the values that they give themselves. */
const messageHelpers: { readonly [helper: string]: readonly string[] | undefined } = {
  t: [],
  'css-t': ['page', 'pages'],
};

/** Finds forbidden contents of a template, and wraps each name look-up in the guard. */
class TemplateCheck extends Handlebars.Visitor {
  readonly faults: Fault[] = [];
  readonly #file: string;
  readonly #lines: readonly string[];
  readonly #names: Names;
  /** The number of blocks around that give names another context. */
  #contexts = 0;

  constructor({ file, text }: SourceFile, names: Names) {
    super();
    this.#file = file;
    this.#lines = text.split('\n');
    this.#names = names;
  }

  override Program(program: hbs.AST.Program): void {
    super.Program(program);
    const source = { file: this.#file, lines: this.#lines };
    const body = this.#names.placed ? markPlaces(program.body, source) : program.body;
    program.body = body.flatMap((statement) =>
      isPartial(statement) && isPath(statement.name)
        ? [
            statementOf(enter, statement, placeIn(this.#file, statement)),
            statement,
            statementOf(leave, statement, []),
          ]
        : [statement],
    );
  }

  override ContentStatement(content: hbs.AST.ContentStatement): void {
    const { value, loc } = content;
    // Handlebars' types declare `original` with the type of another property.
    const original = String(content.original);
    const found = forged.exec(original);
    if (found !== null)
      this.faults.push({
        file: this.#file,
        line: loc.start.line + original.slice(0, found.index).split('\n').length - 1,
        problem:
          'A template may not contain an HTML comment, the attribute "data-at", or a tag with a computed name.',
        hint: 'Use {{! a comment }}, and write out the names of tags.',
      });
    content.value = traceElements(value, { original, file: this.#file, line: loc.start.line });
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
    const given = mustache.params.length + pairsOf(mustache).length;
    // A column may have the same name as a helper, such as "day": without arguments, the name means the column.
    if (isPath(path) && (given === 0 || !this.#isHelper(path))) {
      if (mustache.params.length > 0) this.#unknownHelper(path);
      const { path: helper, params } = this.#guarded(path);
      Object.assign(mustache, { path: helper, params });
      return;
    }
    this.#message(mustache);
    this.#arguments(mustache);
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    if (!this.#isHelper(block.path)) this.#unknownHelper(block.path);
    this.#arguments(block);
    const isOtherContext = !isPath(block.path) || !['if', 'unless'].includes(block.path.original);
    if (isOtherContext) this.#contexts += 1;
    this.accept(block.program);
    if (isOtherContext) this.#contexts -= 1;
    // The types omit that a block may have no inverse.
    if (block.inverse as hbs.AST.Program | undefined) this.accept(block.inverse);
  }

  override SubExpression(expression: hbs.AST.SubExpression): void {
    if (!this.#isHelper(expression.path)) this.#unknownHelper(expression.path);
    this.#message(expression);
    this.#arguments(expression);
  }

  /** Reports a message that the locale does not have, or that lacks a value, even in a block that no page renders. */
  #message(call: hbs.AST.MustacheStatement | hbs.AST.SubExpression): void {
    const { locale } = this.#names;
    const [key] = call.params;
    if (locale === undefined || key === undefined || !isPath(call.path) || !isText(key)) return;
    const counters = messageHelpers[call.path.original];
    if (counters === undefined) return;
    try {
      locale.require(key.value, [...pairsOf(call).map((pair) => pair.key), ...counters]);
    } catch (cause) {
      if (!(cause instanceof MessageError)) throw cause;
      this.#fault(call, cause.message, cause.hint);
    }
  }

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    this.#partial(partial);
  }

  override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
    this.#partial(partial);
    this.accept(partial.program);
    const { program } = partial;
    const [before, after] = traceBlock(this.#file);
    const trace = (value: string): hbs.AST.Statement & { value: string } => ({
      type: 'ContentStatement',
      value,
      loc: partial.loc,
    });
    program.body = [trace(before), ...program.body, trace(after)];
  }

  #partial(partial: hbs.AST.PartialStatement | hbs.AST.PartialBlockStatement): void {
    const name = isPath(partial.name) ? partial.name.original : undefined;
    if (name === undefined || (name !== '@partial-block' && !this.#names.partials.has(name))) {
      this.#fault(
        partial,
        name === undefined ? 'The name of a partial must be written out.' : `There is no partial "${name}".`,
        `Name one of ${[...this.#names.partials].toSorted().join(', ')}.`,
      );
    }
    this.#arguments(partial);
  }

  #arguments(node: { params: hbs.AST.Expression[]; hash: hbs.AST.Hash }): void {
    node.params = node.params.map((param) => this.#argument(param));
    for (const pair of pairsOf(node)) pair.value = this.#argument(pair.value);
  }

  #argument(expression: hbs.AST.Expression): hbs.AST.Expression {
    if (isPath(expression)) return this.#guarded(expression);
    this.accept(expression);
    return expression;
  }

  /**
   * Reports a name that no edition can have. A page that never renders the block around the name would not report it:
   * one without rows, for example.
   */
  #known(path: hbs.AST.PathExpression): void {
    const [, root, group = '', name = ''] = /^(@root\.)?([a-z]+)\.([^.[]+)/.exec(path.original) ?? [];
    const { of: known = {} } = this.#names;
    const names = Object.hasOwn(known, group) ? known[group] : undefined;
    if (names === undefined || names.includes(name) || (root === undefined && this.#contexts > 0)) return;
    const hint = names.length === 0 ? `The brief has no ${group}.` : meantBy(name, names.toSorted());
    this.#fault(path, `Nothing is named "${group}.${name}".`, hint);
  }

  #guarded(path: hbs.AST.PathExpression): hbs.AST.SubExpression {
    this.#known(path);
    const marked = callOf(mark, path, [literal(path.original, path), ...placeIn(this.#file, path)]);
    return callOf(guard, path, [marked, path]);
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

  #fault(node: hbs.AST.Node, problem: string, hint: string): void {
    this.faults.push({ file: this.#file, line: node.loc.start.line, problem, hint });
  }
}
