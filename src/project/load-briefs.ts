import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { AppError, type Fault, meantBy } from '../errors.ts';
import { type Locale, usualLanguage } from '../locale.ts';
import { parseYaml } from '../parse-yaml.ts';
import {
  type Brief,
  briefConfig,
  type ChartConfig,
  type Identity,
  type Imprint,
  type ProjectSettings,
  projectSettings,
  type SourceFile,
} from './brief.ts';
import { usualColours } from './colours.ts';
import { familiesOf, readFonts } from './fonts.ts';
import { type Image, imageLimits, readImage } from './images.ts';
import { loadLocale } from './locales.ts';
import {
  isAbsent,
  isMissing,
  located,
  parseJson,
  readFolder,
  readSource,
  unreadable,
} from './source-files.ts';

/** Files shared by briefs: `templates/_<dataset>/` takes precedence over `templates/_shared/`. */
type Shared = Pick<Brief, 'partials' | 'queries' | 'macros' | 'styles' | 'theme'>;

/** The names of the briefs in a templates folder: every subfolder whose name does not begin with `_` or a dot. */
export async function briefIds(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    const hint = 'Run sitrep in the folder that has templates/ and data/.';
    const fault = { file: folder, problem: 'There is no such folder.', hint };
    throw new AppError('brief-unknown', fault, { cause });
  });
  return entries
    .filter((entry) => entry.isDirectory() && !/^[._]/.test(entry.name))
    .map(({ name }) => name)
    .toSorted();
}

/** `sitrep.yaml` beside a project's templates folder. */
const settingsFile = (templates: string): string => posix.join(posix.dirname(templates), 'sitrep.yaml');

/**
 * Loads a brief with all its files. A file that is missing from its own folder comes from its dataset's shared folder,
 * `_<dataset>/`, if there is one; then from `_shared/`; and last from `packaged`, the `_shared/` that comes with the
 * program. `locales` is the project's own folder of locales. `sitrep.yaml` beside the folder says who publishes and what
 * briefs need not repeat. Throws `brief-invalid` with all faults at once.
 */
export async function loadBrief(
  folder: string,
  id: string,
  { packaged, locales }: { packaged?: string | undefined; locales?: string | undefined } = {},
): Promise<Brief> {
  const faults: Fault[] = [];
  const project = await readProject(settingsFile(folder), { locales, faults });
  const { settings, identity } = project;
  const places = [posix.join(folder, '_shared'), ...(packaged === undefined ? [] : [packaged])];
  const own = (name: string) => posix.join(folder, id, name);
  const definition = await readSource([own('brief.yaml')], faults);
  const { publisher = null, logo: _logo, colours: _colours, fonts: _fonts, ...defaults } = settings;
  const hint = 'See docs/authoring.md for the possible values.';
  const config = isMissing(definition.file, faults)
    ? undefined
    : parseYaml(definition, briefConfig, { faults, hint, defaults });
  const ofDataset = config && posix.join(folder, `_${config.dataset}`);
  const shared = await loadShared(places, { ofDataset, identity, faults });
  if (config === undefined || ofDataset === undefined) throw new AppError('brief-invalid', faults);
  const { language } = config;
  const locale =
    language === (settings.language ?? usualLanguage)
      ? project.locale
      : await loadLocale(language, { own: locales, faults, named: definition });
  if (locale === undefined) throw new AppError('brief-invalid', faults);
  const find = (name: string) => {
    const [, common] = /^_shared\/(.*)$/.exec(name) ?? [];
    return common === undefined
      ? [own(name), ...[ofDataset, ...places].map((place) => posix.join(place, name))]
      : places.map((place) => posix.join(place, common));
  };

  const [template, queries, charts] = await Promise.all([
    readSource([own('brief.hbs')], faults),
    all(config.queries, (name) => readSource(find(name), faults)),
    all(config.charts, async (chart: ChartConfig) => {
      const source = await readSource(find(chart.spec), faults);
      return { ...chart, source, parsed: parseJson(withIdentity(source, identity), faults) };
    }),
  ]);
  const named = { ...shared.queries, ...queries };
  const { file } = definition;
  for (const field of ['forEach', 'changes'] as const) {
    const query = config[field];
    if (query === null || Object.hasOwn(named, query)) continue;
    const choice = `Name one of ${Object.keys(named).join(', ')}.`;
    faults.push({ file, field, problem: `There is no query "${query}".`, hint: choice });
  }
  const { hero } = config;
  if (hero !== undefined && !Object.hasOwn(charts, hero)) {
    const meant = meantBy(hero, Object.keys(charts));
    faults.push({ file, field: 'hero', problem: `There is no chart "${hero}".`, hint: meant });
  }
  const root = posix.dirname(folder);
  const images = await readImages([template, ...Object.values(shared.partials)], { root, faults });
  if (faults.length > 0) throw new AppError('brief-invalid', faults);
  const files = { definition, template, ...shared, queries: named, charts, images };
  return { id, config, ...files, locale, publisher, identity };
}

/** What `sitrep.yaml` sets. */
interface OfProject {
  readonly settings: ProjectSettings;
  /** The locale of the language that it names, which web pages and messages have too. */
  readonly locale: Locale | undefined;
  readonly identity: Identity;
}

/** Without the file, nothing is set. */
async function readProject(
  file: string,
  { locales, faults }: { locales: string | undefined; faults: Fault[] },
): Promise<OfProject> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (!isAbsent(cause)) faults.push(unreadable(file, cause));
    return '';
  });
  const source = { file, text };
  const hint = 'See docs/authoring.md, "The project".';
  const wrong: Fault[] = [];
  const parsed = parseYaml(source, projectSettings.nullable(), { faults: wrong, hint }) ?? {};
  faults.push(...wrong);
  // If another value is wrong, the logo is looked for all the same, so that all faults come at once.
  const settings = wrong.length === 0 || wrong.some(({ field }) => field === 'logo') ? parsed : logoIn(text);
  const { language = usualLanguage } = settings;
  const locale = await loadLocale(language, { own: locales, faults, named: source });
  return { settings, locale, identity: await readIdentity(settings, { source, faults }) };
}

const logoOnly = z.object({ logo: z.string().optional().catch(undefined) }).catch({});

/** The logo that faulty settings name, if their YAML can be read. */
function logoIn(text: string): ProjectSettings {
  try {
    return logoOnly.parse(parse(text));
  } catch {
    return {};
  }
}

/**
 * The locale of a project's web pages and messages, and who publishes. Throws `brief-invalid` if its `sitrep.yaml` has a
 * fault.
 */
export async function projectImprint(
  folder: string,
  { locales }: { locales: string | undefined },
): Promise<Imprint & { readonly locale: Locale }> {
  const faults: Fault[] = [];
  const { settings, locale, identity } = await readProject(settingsFile(folder), { locales, faults });
  if (locale === undefined || faults.length > 0) throw new AppError('brief-invalid', faults);
  return { locale, publisher: settings.publisher ?? null, identity };
}

/**
 * The files that briefs share. `places` are the folders to search; the first one that has a file takes precedence.
 * Macros of `_<dataset>/` come after those of all briefs, which they may use.
 */
async function loadShared(
  places: readonly string[],
  { ofDataset, identity, faults }: { ofDataset: string | undefined; identity: Identity; faults: Fault[] },
): Promise<Shared> {
  const at = (name: string) => places.map((place) => posix.join(place, name));
  const first = (name: string) => [
    ...(ofDataset === undefined ? [] : [posix.join(ofDataset, name)]),
    ...at(name),
  ];
  const ownMacros = posix.join(ofDataset ?? '', 'macros.sql');
  const hasMacros = ofDataset !== undefined && existsSync(ownMacros);
  const [partials, queries, styles, theme, ...macros] = await Promise.all([
    readFolder(first('partials'), '.hbs', faults),
    readFolder(first('queries'), '.sql', faults),
    readSource(at('page.css'), faults),
    readSource(at('theme.json'), faults),
    readSource(at('macros.sql'), faults),
    ...(hasMacros ? [readSource([ownMacros], faults)] : []),
  ]);
  const parsed = parseJson(withIdentity(theme, identity), faults);
  return { partials, queries, macros, styles, theme: { source: theme, parsed } };
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

/** The publisher's logo, colours and fonts. `source` is `sitrep.yaml`, for the place of faults. */
async function readIdentity(
  { logo: name, colours = usualColours, fonts: named = {} }: ProjectSettings,
  { source, faults }: { source: SourceFile; faults: Fault[] },
): Promise<Identity> {
  const { file } = source;
  const root = posix.dirname(file);
  const { fonts, faults: inFonts } = await readFonts(root, named);
  const logo = name === undefined ? null : await readImage(root, name, imageLimits.logo);
  const isRead = logo === null || 'src' in logo;
  const inLogo = (isRead ? [] : logo).map((fault) => ({ field: 'logo', ...fault }));
  const placed = [...inLogo, ...inFonts].map((fault) => ({ file, ...fault }));
  faults.push(...located(placed, source));
  return { colours, fonts, logo: isRead ? logo : null };
}

/** `{{image "images/bridge.jpg" …}}` */
const imageCall = /\{\{~?\s*image\s+(["'])(.*?)\1/g;

/** The images that templates show, by file. `root` is the project's folder. */
export async function readImages(
  templates: readonly SourceFile[],
  { root, faults }: { root: string; faults: Fault[] },
): Promise<{ [file: string]: Image }> {
  const images: { [file: string]: Image } = {};
  for (const { file, text } of templates)
    for (const { index, 2: name = '' } of text.matchAll(imageCall)) {
      const image = images[name] ?? (await readImage(root, name, imageLimits.image));
      if ('src' in image) images[name] = image;
      else {
        const line = text.slice(0, index).split('\n').length;
        faults.push(...image.map((fault) => ({ file, line, ...fault })));
      }
    }
  return images;
}

/**
 * The spec or theme of a chart with the publisher's colours and sans in place of their names, which are those of
 * `page.css`.
 */
const withIdentity = (
  { file, text }: SourceFile,
  { colours: { ink, accent }, fonts }: Identity,
): SourceFile => ({
  file,
  text: text
    .replaceAll('var(--ink)', ink)
    .replaceAll('var(--accent)', accent)
    .replaceAll('var(--sans)', familiesOf(fonts).sans),
});
