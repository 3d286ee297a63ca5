import { readdir } from 'node:fs/promises';
import { posix } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { AppError, type Fault, similarTo } from '../errors.ts';
import { loadLocale, localesFolder } from '../locale.ts';
import { type Brief, type BriefConfig, briefConfig, type ChartConfig, type SourceFile } from './brief.ts';
import { isMissing, lineOf, parseJson, readFolder, readSource } from './source-files.ts';

/** Files shared by briefs: `templates/_<dataset>/` takes precedence over `templates/_shared/`. */
interface Shared {
  readonly partials: Brief['partials'];
  readonly queries: Brief['queries'];
  readonly macros: readonly SourceFile[];
  readonly styles: SourceFile;
  readonly theme: Brief['theme'];
}

/** The names of the briefs in a templates folder: every subfolder whose name does not begin with `_` or a dot. */
export async function briefIds(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new AppError(
      'brief-unknown',
      [
        {
          file: folder,
          problem: 'There is no such folder.',
          hint: 'Start sitrep where templates/ and data/ are.',
        },
      ],
      { cause },
    );
  });
  return entries
    .filter((entry) => entry.isDirectory() && !/^[._]/.test(entry.name))
    .map(({ name }) => name)
    .toSorted();
}

/**
 * Loads briefs with all their files. A file that is missing from a brief's own folder comes from its dataset's shared
 * folder, `_<dataset>/`, if there is one; then from `_shared/`; and last from `packaged`, the `_shared/` that comes
 * with the program. Throws `brief-invalid` with the faults of all briefs at once.
 */
export async function loadBriefs(
  folder: string,
  ids: readonly string[],
  { packaged }: { packaged?: string | undefined } = {},
): Promise<Brief[]> {
  const faults: Fault[] = [];
  const places = [posix.join(folder, '_shared'), ...(packaged === undefined ? [] : [packaged])];
  const forAll = await loadShared(places, faults);
  const forDatasets = new Map<string, Promise<Shared>>();
  const sharedFor = (dataset: string): Promise<Shared> => {
    const shared =
      forDatasets.get(dataset) ?? withDatasetFolder(forAll, posix.join(folder, `_${dataset}`), faults);
    forDatasets.set(dataset, shared);
    return shared;
  };
  const briefs = await Promise.all(ids.map((id) => loadBrief({ folder, id, places, sharedFor, faults })));
  if (faults.length > 0) throw new AppError('brief-invalid', faults);
  return briefs.filter((brief) => brief !== undefined);
}

/** `places` are the folders to search; the first one that has a file takes precedence. */
async function loadShared(places: readonly string[], faults: Fault[]): Promise<Shared> {
  const at = (name: string) => places.map((place) => posix.join(place, name));
  const [partials, queries, macros, styles, theme] = await Promise.all([
    readFolder(at('partials'), '.hbs', faults),
    readFolder(at('queries'), '.sql', faults),
    readSource(at('macros.sql'), faults),
    readSource(at('page.css'), faults),
    readSource(at('theme.json'), faults),
  ]);
  const parsed = parseJson(theme, faults);
  return { partials, queries, macros: [macros], styles, theme: { source: theme, parsed } };
}

/** `shared` plus the files shared by the briefs of one dataset. Its macros may use those of all briefs. */
async function withDatasetFolder(shared: Shared, place: string, faults: Fault[]): Promise<Shared> {
  const present = await readdir(place).catch((): string[] => []);
  const inFolder = async (name: string, ending: string): Promise<{ [name: string]: SourceFile }> =>
    present.includes(name) ? readFolder([posix.join(place, name)], ending, faults) : {};
  const [partials, queries] = await Promise.all([inFolder('partials', '.hbs'), inFolder('queries', '.sql')]);
  const macros = present.includes('macros.sql')
    ? [await readSource([posix.join(place, 'macros.sql')], faults)]
    : [];
  return {
    ...shared,
    partials: { ...shared.partials, ...partials },
    queries: { ...shared.queries, ...queries },
    macros: [...shared.macros, ...macros],
  };
}

async function loadBrief({
  folder,
  id,
  places,
  sharedFor,
  faults,
}: {
  folder: string;
  id: string;
  places: readonly string[];
  sharedFor: (dataset: string) => Promise<Shared>;
  faults: Fault[];
}): Promise<Brief | undefined> {
  const own = (name: string) => posix.join(folder, id, name);
  const definition = await readSource([own('brief.yaml')], faults);
  const config = parseConfig(definition, faults);
  if (config === undefined) return undefined;
  const shared = await sharedFor(config.dataset);
  const find = (name: string) => {
    const [, common] = /^_shared\/(.*)$/.exec(name) ?? [];
    const shares = [posix.join(folder, `_${config.dataset}`), ...places];
    return common === undefined
      ? [own(name), ...shares.map((place) => posix.join(place, name))]
      : places.map((place) => posix.join(place, common));
  };

  const [locale, template, queries, charts] = await Promise.all([
    loadLocale(localesFolder, LANGUAGE),
    readSource([own('brief.hbs')], faults),
    all(config.queries, (name) => readSource(find(name), faults)),
    all(config.charts, async (chart: ChartConfig) => {
      const source = await readSource(find(chart.spec), faults);
      return { ...chart, source, parsed: parseJson(source, faults) };
    }),
  ]);
  const named = { ...shared.queries, ...queries };
  for (const field of ['forEach', 'changes'] as const) {
    const query = config[field];
    if (query === null || Object.hasOwn(named, query)) continue;
    faults.push({
      file: definition.file,
      field,
      problem: `There is no query "${query}".`,
      hint: `Name one of ${Object.keys(named).join(', ')}.`,
    });
  }
  return {
    id,
    config,
    definition,
    template,
    queries: named,
    charts,
    partials: shared.partials,
    macros: shared.macros,
    styles: shared.styles,
    theme: shared.theme,
    locale,
  };
}

/** The language of every brief, as a BCP 47 tag. */
const LANGUAGE = 'en-GB';

const absent = 'is missing';

/** Describes a zod issue in words for authors; `undefined` keeps zod's own message. */
function inWords(issue: { code?: string; input?: unknown; values?: unknown }): string | undefined {
  if (issue.code === 'invalid_type' && issue.input === undefined) return absent;
  if (issue.code === 'invalid_value' && Array.isArray(issue.values))
    return issue.input === undefined
      ? absent
      : `${JSON.stringify(issue.input)} is not one of ${issue.values.join(', ')}`;
  return undefined;
}

function parseConfig({ file, text }: SourceFile, faults: Fault[]): BriefConfig | undefined {
  if (isMissing(file, faults)) return undefined;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (const { message, pos } of document.errors) {
    const problem = message.split('\n')[0] ?? message;
    faults.push({ file, line: lines.linePos(pos[0]).line, problem, hint: 'Correct the YAML.' });
  }
  if (document.errors.length > 0) return undefined;

  const parsed = briefConfig.safeParse(document.toJS(), { error: inWords, reportInput: true });
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  /** Missing keys explained by a misspelt one: one mistake is one fault. */
  const misspelt = new Set<unknown>();
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const above = issue.path.join('.');
    const missing = issues.filter(
      ({ message, path }) => message === absent && path.slice(0, -1).join('.') === above,
    );
    for (const key of issue.keys) {
      const choices = missing.map(({ path }) => String(path.at(-1)));
      const meant = similarTo(key, choices) ?? similarTo(key, unusedKeys(issue.path, issue.input));
      misspelt.add(missing.find(({ path }) => path.at(-1) === meant));
      const hint = meant === undefined ? 'Remove it, or correct its name.' : `Did you mean "${meant}"?`;
      report([...issue.path, key], { problem: `There is no such key: "${key}".`, hint });
    }
  }
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys' || misspelt.has(issue)) continue;
    const { input, message } = issue;
    const found = typeof input === 'string' && message.startsWith('is not ') ? `"${input}" ` : '';
    const hint = 'See docs/authoring.md for what may stand here.';
    report(issue.path, { problem: `${found}${message}.`, hint });
  }
  return undefined;

  function report(keys: readonly PropertyKey[], fault: Pick<Fault, 'problem' | 'hint'>): void {
    const path = keys.map(String);
    const line = lineOf(document, lines, path);
    const field = path.length === 0 ? {} : { field: path.join('.') };
    faults.push({ file, ...(line === undefined ? {} : { line }), ...field, ...fault });
  }
}

/** The part of JSON Schema that the schema of `brief.yaml` uses. */
const schemaNode = z.looseObject({
  properties: z.record(z.string(), z.unknown()).default({}),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).default([]),
  oneOf: z.array(z.unknown()).default([]),
});

/** The keys that are allowed at a place in `brief.yaml` but not used. */
function unusedKeys(path: readonly PropertyKey[], given: unknown): string[] {
  const used = typeof given === 'object' && given !== null ? given : {};
  const schema = z.toJSONSchema(briefConfig, { io: 'input', unrepresentable: 'any' });
  return keysAt(schema, path).filter((key) => !Object.hasOwn(used, key));
}

function keysAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  const node = schemaNode.safeParse(schema).data;
  if (node === undefined) return [];
  const { properties, additionalProperties, items, anyOf, oneOf } = node;
  const others = [...anyOf, ...oneOf].flatMap((each) => keysAt(each, path));
  const [key, ...rest] = path;
  if (key === undefined) return [...Object.keys(properties), ...others];
  const next = typeof key === 'number' ? items : (properties[String(key)] ?? additionalProperties);
  return [...keysAt(next, rest), ...others];
}

async function all<T, R>(
  values: { readonly [name: string]: T },
  load: (value: T) => Promise<R>,
): Promise<{ [name: string]: R }> {
  const loaded = Object.entries(values).map(async ([name, value]): Promise<[string, R]> => [
    name,
    await load(value),
  ]);
  return Object.fromEntries(await Promise.all(loaded));
}
