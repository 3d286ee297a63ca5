import { type Fault, similarTo } from '../errors.ts';

import schema from 'vega-lite/vega-lite-schema.json' with { type: 'json' };

/** The part of JSON Schema that Vega-Lite's schema uses. */
interface Schema {
  readonly description?: string;
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: { readonly [name: string]: Schema };
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

interface Misfit {
  readonly path: string;
  readonly kind: 'property' | 'word' | 'missing' | 'type';
  /** The property, word or kind of value that is wrong. */
  readonly found: string;
  /** The valid alternatives. */
  readonly choices: readonly string[];
}

const definitions: { readonly [name: string]: Schema } = schema.definitions;
const root: Schema = { $ref: schema.$ref };

/** Every property name that Vega-Lite knows, anywhere. */
const everyProperty = new Set(Object.values(definitions).flatMap((each) => [...propertiesIn(each)]));

/**
 * Checks a chart spec's properties and words against Vega-Lite's schema. A property that Vega-Lite knows, but not in
 * this place, has no effect and does no harm: only `strict` rejects it. Only `strict` rejects values of the wrong type,
 * too. This takes a few milliseconds; a compiled validator takes a second or two to compile.
 */
export function checkAgainstSchema(
  spec: object,
  { file, strict = false }: { file: string; strict?: boolean },
): Fault[] {
  return new SchemaCheck().misfitsOf(spec, root, '').flatMap(({ path, kind, found, choices }): Fault[] => {
    const where = { file, ...(path !== '' && { field: path }) };
    const similar = similarTo(found, choices);
    const hint = similar === undefined ? listed(choices) : `Did you mean "${similar}"?`;
    if (kind === 'property') {
      const isHarmless = !strict && similar === undefined && everyProperty.has(found);
      return isHarmless ? [] : [{ ...where, problem: `Vega-Lite has no property "${found}" here.`, hint }];
    }
    if (kind === 'word') return [{ ...where, problem: `Vega-Lite does not accept "${found}" here.`, hint }];
    if (!strict) return [];
    if (kind === 'missing')
      return [{ ...where, problem: `The property "${found}" is missing.`, hint: 'Add it.' }];
    const types = `Use ${choices.join(' or ')}.`;
    return [{ ...where, problem: `A value of type ${found} is not allowed here.`, hint: types }];
  });
}

const listed = (choices: readonly string[]): string =>
  choices.length === 0
    ? 'Remove it.'
    : choices.length === 1
      ? `Use "${choices[0]}".`
      : `Use one of ${choices.slice(0, 12).join(', ')}${choices.length > 12 ? ', …' : ''}.`;

class SchemaCheck {
  readonly #known = new Map<object, Map<Schema, Misfit[]>>();

  /** The differences between a value and the alternative that it fits best; empty if it fits one. */
  misfitsOf(value: unknown, given: Schema, path: string): Misfit[] {
    const leaves = leavesOf(given);
    if (leaves.some((leaf) => isAny(leaf))) return [];
    if (typeof value !== 'object' || value === null) return misfitsOfScalar(value, leaves, path);
    const kind = Array.isArray(value) ? 'array' : 'object';
    const fitting = leaves.filter((leaf) => typesOf(leaf).includes(kind));
    if (fitting.length === 0)
      return [{ path, kind: 'type', found: kind, choices: [...new Set(leaves.flatMap(typesOf))] }];
    const tried = fitting.map((leaf) => this.#misfitsOfOne(value, leaf, path));
    const fewest = Math.min(...tried.map((each) => each.length));
    return joined(tried.filter((each) => each.length === fewest));
  }

  #misfitsOfOne(value: object, leaf: Schema, path: string): Misfit[] {
    const known = this.#known.get(value) ?? new Map<Schema, Misfit[]>();
    this.#known.set(value, known);
    const found = known.get(leaf) ?? this.#compare(value, leaf, path);
    known.set(leaf, found);
    return found;
  }

  #compare(
    value: object,
    { properties = {}, items, required = [], ...leaf }: Schema,
    path: string,
  ): Misfit[] {
    if (Array.isArray(value))
      return items === undefined
        ? []
        : value.flatMap((item, index) => this.misfitsOf(item, items, `${path}[${index}]`));
    const others = leaf.additionalProperties ?? true;
    const unknown: string[] = [];
    const found = Object.entries(value).flatMap(([name, item]): Misfit[] => {
      const here = path === '' ? name : `${path}.${name}`;
      const own = Object.hasOwn(properties, name) ? properties[name] : others;
      if (own === true || own === undefined) return [];
      if (own !== false) return this.misfitsOf(item, own, here);
      unknown.push(name);
      return [{ path: here, kind: 'property', found: name, choices: Object.keys(properties) }];
    });
    const missing = required
      // A misspelt property is one mistake, not two.
      .filter((name) => !Object.hasOwn(value, name) && !unknown.some((each) => similarTo(each, [name])))
      .map((name): Misfit => ({ path, kind: 'missing', found: name, choices: [] }));
    return [...found, ...missing];
  }
}

function misfitsOfScalar(value: unknown, leaves: readonly Schema[], path: string): Misfit[] {
  const type = value === null ? 'null' : typeof value;
  const accepts = (leaf: Schema): boolean => {
    if (leaf.const !== undefined) return leaf.const === value;
    if (leaf.enum !== undefined) return leaf.enum.includes(value);
    return typesOf(leaf).includes(type);
  };
  if (leaves.some(accepts)) return [];
  const words = leaves
    .flatMap((leaf) => [leaf.const, ...(leaf.enum ?? [])])
    .filter((word) => typeof word === 'string');
  if (typeof value === 'string' && words.length > 0)
    return [{ path, kind: 'word', found: value, choices: [...new Set(words)] }];
  return [{ path, kind: 'type', found: type, choices: [...new Set(leaves.flatMap(typesOf))] }];
}

/** The misfits of alternatives that fit equally well, with the choices of all of them. */
function joined([first = [], ...others]: readonly Misfit[][]): Misfit[] {
  return first.map((misfit) => {
    const same = others
      .flat()
      .filter(
        ({ path, kind, found }) => path === misfit.path && kind === misfit.kind && found === misfit.found,
      );
    return { ...misfit, choices: [...new Set([misfit, ...same].flatMap(({ choices }) => choices))] };
  });
}

const leaves = new Map<Schema, readonly Schema[]>();

/** The alternatives in a schema, with references resolved. */
function leavesOf(given: Schema): readonly Schema[] {
  const known = leaves.get(given);
  if (known !== undefined) return known;
  const target = given.$ref && definitions[decodeURIComponent(given.$ref.replace('#/definitions/', ''))];
  const found = target ? leavesOf(target) : given.anyOf ? given.anyOf.flatMap(leavesOf) : [given];
  leaves.set(given, found);
  return found;
}

const typesOf = ({ type = [] }: Schema): readonly string[] => (typeof type === 'string' ? [type] : type);

const isAny = ({ type, enum: words, const: word, properties }: Schema): boolean =>
  type === undefined && words === undefined && word === undefined && properties === undefined;

function* propertiesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  const properties: unknown = Reflect.get(value, 'properties');
  if (typeof properties === 'object' && properties !== null) yield* Object.keys(properties);
  for (const each of Object.values(value)) yield* propertiesIn(each);
}
