import Handlebars from 'handlebars';
import { z } from 'zod';
import type { Locale } from '../../locale.ts';
import type { SourceFile } from '../../project/brief.ts';
import { type Names, parseTemplate } from './check.ts';

type ParsedTemplate = ReturnType<typeof parseTemplate>;

/** Most partials are shared by all briefs, and an edit of one leaves the others. */
const kept = new WeakMap<Locale | typeof noLocale, Map<string, ParsedTemplate>>();
const noLocale = {};
/** More than a project has: in a process that previews edits, texts come and go. */
const MOST_KEPT = 400;

/** The same as `parseTemplate`, but only once for the same text and names. */
export function parseOnce(source: SourceFile, names: Names): ParsedTemplate {
  const { helpers, partials, placed, of, locale = noLocale } = names;
  const key = JSON.stringify([source.file, source.text, [...helpers], [...partials], placed, of]);
  const known = kept.get(locale) ?? new Map<string, ParsedTemplate>();
  kept.set(locale, known);
  const found = known.get(key) ?? parseTemplate(source, names);
  if (known.size >= MOST_KEPT) known.clear();
  known.set(key, found);
  return found;
}

/** The two steps of Handlebars' compiler, which its types do not describe. */
const { Compiler, JavaScriptCompiler } = z
  .object({
    Compiler: z.custom<new () => { compile(program: object, options: object): object }>(isFunction),
    JavaScriptCompiler: z.custom<
      new () => {
        compile(steps: object, options: object, context: undefined, asObject: true): object;
      }
    >(isFunction),
  })
  .parse({ ...Handlebars });

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** What Handlebars made of a syntax tree; it depends on no environment. */
const specs = new WeakMap<object, object>();

/**
 * To be assigned to an environment, whose `compile` then compiles a syntax tree once, even if another environment asks.
 * The options must be the same for the same tree.
 */
export const compilingOnce = {
  Compiler: class {
    compile(program: object): object {
      return program;
    }
  },
  JavaScriptCompiler: class {
    compile(program: object, options: object): object {
      const steps = () => new Compiler().compile(program, options);
      const spec = specs.get(program) ?? new JavaScriptCompiler().compile(steps(), options, undefined, true);
      specs.set(program, spec);
      return spec;
    }
  },
};
