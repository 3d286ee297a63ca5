import { parseExpression, splitAccessPath } from 'vega';
import { type Fault, similarTo } from '../errors.ts';
import { rowKey } from './scene.ts';

/** The fields of a data source's rows. */
interface Fields {
  readonly names: ReadonlySet<string>;
  /** Whether there may be more fields, depending on the rows. */
  readonly open: boolean;
  /** The chart's data sets that the rows come from. */
  readonly sets: readonly string[];
}
interface Json {
  readonly [key: string]: unknown;
}

/** The columns of each data set of a chart; null if not known. */
export type Columns = { readonly [set: string]: readonly string[] | null };

const anything: Fields = { names: new Set(), open: true, sets: [] };
/** Transforms whose rows have only the group-by fields and the fields that the transform creates. */
const makesRows = new Set(['aggregate', 'kde', 'density', 'quantile', 'regression', 'loess', 'sequence']);
/** Transforms whose fields depend on the rows. */
const opensFields = new Set(['pivot', 'graticule', 'nest', 'contour', 'kde2d', 'cross']);
/** Fields that an axis or legend expression may read. */
const guide: Fields = { ...anything, names: new Set(['value', 'label', 'index']), open: false };

/**
 * Finds fields that neither a query nor a transform provides. The fields of a layer come from the compiled spec, where
 * Vega-Lite has made every transform explicit; the location of a fault comes from the original spec.
 */
export function checkFields(
  spec: object,
  { file, compiled, columns }: { file: string; compiled: object; columns: Columns },
): Fault[] {
  const fieldsOf = new CompiledFields(columns);
  const { unknown, sources } = fieldsOf;
  fieldsOf.read(compiled);
  // Vega-Lite drops anything that no mark needs, so a field used only there must be known somewhere in the chart.
  if (!sources.some(({ open }) => open)) {
    const anywhere = { ...joined(sources), sets: Object.keys(columns) };
    const found = new Set([...unknown.values()].map(({ name }) => name));
    const named = [...textsIn(spec)].filter(({ key }) => key === 'field');
    for (const name of named.map(({ text }) => firstStep(text)))
      if (name !== '*' && !found.has(name)) fieldsOf.report(name, anywhere);
  }
  return [...unknown.values()].flatMap(({ name, fields: { names, sets } }): Fault[] => {
    const [first, ...more] = placesOf(name, spec, sets);
    // Vega-Lite uses fields that it creates itself, such as the end of a bin, even if they do not exist.
    if (first === undefined) return [];
    const others = [...names].filter((each) => each !== rowKey);
    const similar = similarTo(name, others);
    const own = sets.flatMap((set) => columns[set] ?? []);
    const of = sets.length === 0 ? '' : ` in ${sets.map((set) => `"${set}"`).join(' or ')}`;
    const uses = more.length === 0 ? '' : ` The spec uses it in ${more.length + 1} places.`;
    const problem = `There is no field "${name}"${of}: no query returns it as a column, and no transform creates it.${uses}`;
    const hint =
      similar === undefined
        ? `Correct the name, or add it to the query. The columns are ${own.join(', ')}.`
        : `Did you mean "${similar}"?`;
    return [{ file, field: first, problem, hint }];
  });
}

/** Finds the fields of each data source in a compiled spec, and the use of any others. */
class CompiledFields {
  readonly unknown = new Map<string, { readonly name: string; readonly fields: Fields }>();
  /** The fields of each source. */
  readonly sources: Fields[] = [];
  readonly #columns: Columns;
  #reported = 0;

  constructor(columns: Columns) {
    this.#columns = columns;
  }

  report(name: string, fields: Fields): void {
    if (fields.open || fields.names.has(name)) return;
    this.#reported += 1;
    this.unknown.set(JSON.stringify([name, fields.sets]), { name, fields });
  }

  read(compiled: object): void {
    this.#scope({ ...compiled }, new Map(), anything);
  }

  /** A spec, or a group with its own data and marks; `parent` is the row for the group. */
  #scope(scope: Json, outer: ReadonlyMap<string, Fields>, parent: Fields): void {
    const data = new Map(outer);
    for (const source of listOf(scope['data'])) {
      const fields = this.#source(source, data);
      data.set(String(source['name']), fields);
      if (!String(source['name']).endsWith('_store')) this.sources.push(fields);
    }
    for (const scale of listOf(scope['scales'])) this.#references(scale, data);
    for (const key of ['axes', 'legends'])
      for (const each of listOf(scope[key])) this.#expressions(each, { datum: guide, parent });
    this.#expressions(scope['title'], { datum: parent, parent });
    for (const mark of listOf(scope['marks'])) this.#mark(mark, data, parent);
  }

  #source({ name, source, format, transform }: Json, data: ReadonlyMap<string, Fields>): Fields {
    const own = this.#columns[String(name)];
    const from = [source].flat().filter((each) => typeof each === 'string');
    let fields: Fields =
      from.length > 0
        ? joined(from.map((each) => data.get(each) ?? anything))
        : own
          ? { names: new Set([...own, rowKey]), open: false, sets: [String(name)] }
          : { ...anything, sets: own === null ? [String(name)] : [] };
    for (const field of Object.keys(jsonOf(jsonOf(format)['parse']))) this.#use(field, fields);
    for (const each of listOf(transform)) fields = this.#transform(each, fields, data);
    return fields;
  }

  #transform(transform: Json, fields: Fields, data: ReadonlyMap<string, Fields>): Fields {
    const { type, expr, from, key, values, value, sort, as, ops } = transform;
    if (typeof expr === 'string') this.#expression(expr, { datum: fields, parent: anything });
    const before = this.#reported;
    const looksUp = type === 'lookup';
    const looked = looksUp ? (data.get(String(from)) ?? anything) : fields;
    for (const field of [key, values].flatMap(namesIn)) this.#use(field, looked);
    const used = [transform['field'], transform['fields'], transform['groupby'], transform['geojson']];
    if (type === 'pivot') used.push(value);
    if (type === 'regression' || type === 'loess') used.push(transform['x'], transform['y']);
    if (type !== 'sequence')
      for (const field of [...used, jsonOf(sort)['field']].flatMap(namesIn)) this.#use(field, fields);

    const grouped = namesIn(transform['groupby']).map(nameOf);
    const listed = [transform['fields'] ?? transform['field']].flat();
    const names = [as].flat();
    const computed = ['aggregate', 'joinaggregate', 'window'].includes(String(type));
    const made = computed
      ? [ops ?? 'count'].flat().map((op, index) => {
          const field = listed[index];
          return names[index] ?? (typeof field === 'string' ? `${op}_${nameOf(field)}` : op);
        })
      : as === undefined && looksUp
        ? namesIn(values).map(nameOf)
        : type === 'sequence'
          ? [as ?? 'data']
          : type === 'regression' && transform['params'] === true
            ? ['coef', 'rSquared', 'keys']
            : [...names, transform['index']];
    const kept = makesRows.has(String(type)) ? grouped : fields.names;
    return {
      names: new Set([...kept, ...made.filter((name) => typeof name === 'string')]),
      // A field derived from a misspelt field is not a second mistake.
      open: makesRows.has(String(type))
        ? this.#reported > before
        : fields.open || opensFields.has(String(type)),
      sets: fields.sets,
    };
  }

  #mark(mark: Json, data: ReadonlyMap<string, Fields>, parent: Fields): void {
    const { data: from, facet } = jsonOf(mark['from']);
    let own = data.get(String(from)) ?? anything;
    const inner = new Map(data);
    if (facet !== undefined) {
      const { name, data: faceted, groupby, aggregate } = jsonOf(facet);
      const rows = data.get(String(faceted)) ?? anything;
      for (const field of namesIn(groupby)) this.#use(field, rows);
      inner.set(String(name), rows);
      own = this.#transform({ ...jsonOf(aggregate), type: 'aggregate', groupby }, rows, data);
      if (groupby === undefined) own = anything;
    }
    const datum = own;
    this.#expressions(mark['encode'], { datum, parent });
    for (const each of listOf(mark['transform']))
      this.#expressions(namesIn(each['field']), { datum, parent });
    this.#expressions(namesIn(jsonOf(mark['sort'])['field']), { datum, parent });
    if (mark['type'] === 'group') this.#scope(mark, inner, own);
  }

  /** `{ data, field }` anywhere in the domain or range of a scale. */
  #references(value: unknown, data: ReadonlyMap<string, Fields>): void {
    if (Array.isArray(value)) for (const each of value) this.#references(each, data);
    if (!isJson(value)) return;
    const source = typeof value['data'] === 'string' ? data.get(value['data']) : undefined;
    if (source) {
      const used = [value['field'], value['fields'], jsonOf(value['sort'])['field']];
      for (const field of used.flatMap(namesIn)) this.#use(field, source);
    }
    for (const each of Object.values(value)) this.#references(each, data);
  }

  /** Every field, signal and test in a mark's encoding; text by itself is an expression. */
  #expressions(value: unknown, scope: { datum: Fields; parent: Fields }): void {
    if (Array.isArray(value)) for (const each of value) this.#expressions(each, scope);
    if (typeof value === 'string') this.#expression(value, scope);
    if (!isJson(value)) return;
    for (const [key, each] of Object.entries(value)) {
      if (typeof each === 'object') this.#expressions(each, scope);
      if (typeof each !== 'string') continue;
      if (key === 'signal' || key === 'test') this.#expression(each, scope);
      else if (key === 'field' || key === 'datum') this.#use(each, scope.datum);
      else if (key === 'parent') this.#use(each, scope.parent);
    }
  }

  #expression(text: string, scope: { datum: Fields; parent: Fields }): void {
    for (const { of, name } of fieldsRead(text)) this.report(name, scope[of]);
  }

  #use(field: string, fields: Fields): void {
    const [name = ''] = splitAccessPath(field);
    // The result of an aggregate over a nested field has the whole path as its name.
    if (!fields.names.has(field)) this.report(name, fields);
  }
}

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const jsonOf = (value: unknown): Json => (isJson(value) ? value : {});
const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : []);
/** The field names in a parameter that takes one or several; a field may be an object with the name. */
const namesIn = (value: unknown): string[] =>
  [value].flat().flatMap((each: unknown) => {
    if (typeof each === 'string') return [each];
    return isJson(each) && typeof each['field'] === 'string' ? [each['field']] : [];
  });

/** Vega's name for a field's output: the field's name, or the path of a nested field. */
function nameOf(field: string): string {
  const [first, ...others] = splitAccessPath(field);
  return others.length === 0 ? (first ?? field) : field;
}

const joined = (all: readonly Fields[]): Fields => ({
  names: new Set(all.flatMap(({ names }) => [...names])),
  open: all.some(({ open }) => open),
  sets: [...new Set(all.flatMap(({ sets }) => sets))],
});

/**
 * The fields that an expression reads: from its own row, as `datum.x` or `datum['x']`, and from the row above,
 * `parent`.
 */
function fieldsRead(expression: string): { of: 'datum' | 'parent'; name: string }[] {
  if (!/\b(?:datum|parent)\b/.test(expression)) return [];
  const read = (node: unknown): { of: 'datum' | 'parent'; name: string }[] => {
    if (Array.isArray(node)) return node.flatMap(read);
    if (!isJson(node)) return [];
    const below = Object.values(node).flatMap(read);
    const { name: of } = jsonOf(node['object']);
    if (node['type'] !== 'MemberExpression' || (of !== 'datum' && of !== 'parent')) return below;
    const { name, value } = jsonOf(node['property']);
    const field = node['computed'] === true ? value : name;
    return typeof field === 'string' ? [{ of, name: field }, ...below] : below;
  };
  try {
    return read(parseExpression(expression));
  } catch {
    // Vega reports it, or it is not an expression.
    return [];
  }
}

/** Properties that do not name a field, even if their value matches one. */
const notFields = new Set(['title', 'description', 'text', 'as', 'name', 'type', 'mark', 'op']);

interface Place {
  readonly path: string;
  readonly key: string;
  /** The data set of the rows there, if known. */
  readonly set: string | null;
}

/** Each text in a spec, with its place. */
function* textsIn(
  value: unknown,
  at: Place = { path: '', key: '', set: null },
): Generator<Place & { readonly text: string }> {
  if (typeof value === 'string') yield { ...at, text: value };
  if (Array.isArray(value))
    for (const [index, each] of value.entries())
      yield* textsIn(each, { ...at, path: `${at.path}[${index}]` });
  if (!isJson(value)) return;
  const { name } = jsonOf(value['data']);
  const set = typeof name === 'string' ? name : at.set;
  for (const [key, each] of Object.entries(value))
    yield* textsIn(each, { path: at.path === '' ? key : `${at.path}.${key}`, key, set });
}

/** The places where a spec uses a field, first those with rows from `sets`. */
function placesOf(field: string, spec: object, sets: readonly string[]): string[] {
  const found = [...textsIn(spec)].filter(
    ({ key, text }) =>
      (!notFields.has(key) && firstStep(text) === field) ||
      fieldsRead(text).some(({ name }) => name === field),
  );
  const fitting = found.filter(({ set }) => set === null || sets.includes(set));
  return (fitting.length > 0 ? fitting : found).map(({ path }) => path);
}

/** The first step of a path; text that is not a path is returned unchanged. */
function firstStep(text: string): string {
  try {
    return splitAccessPath(text)[0] ?? text;
  } catch {
    return text;
  }
}
