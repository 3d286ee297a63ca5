import { ownKnownBy } from '../dataset/point-in-time.ts';
import { eachRow } from '../dataset/references.ts';
import type { Dataset } from '../dataset/schema.ts';
import { WORLD, worldSource } from '../dataset/world-source.ts';
import { canonicalJson, hashOf } from '../hash.ts';
import { type Brief, imagesOf, type SourceFile } from '../project/brief.ts';
import { evidenceQueries, namedQueries, usedPartials } from '../query/select.ts';
import { textLocale } from '../render/citations.ts';
import { freshnessFor, incidentsFor, type Request } from '../render/edition.ts';
import type { Part } from '../render/manifest.ts';

/**
 * The hash of all inputs to an edition: every file of the brief, the rows known by the cut-off, the records of imports
 * by then and of those that correct them, the settings and outlines of the dataset, the edition's identity, the requested formats, `material` (the hash of the fonts) and
 * `engine` (the name of the program and its libraries).
 */
export function inputsOf(
  request: Request,
  { engine, material, formats }: { engine: string; material: string; formats: readonly string[] },
): string {
  const { brief, dataset, asOf, paper, parameters, correction } = request;
  const files: SourceFile[] = [
    brief.definition,
    brief.template,
    ...brief.macros,
    brief.styles,
    brief.locale.source,
    brief.theme.source,
    ...Object.values(brief.partials),
    ...Object.values(brief.queries),
    ...Object.values(brief.charts).map(({ source }) => source),
  ];
  const { imports, corrections } = incidentsFor(request);
  const freshness = freshnessFor(request);
  return hashOf(
    JSON.stringify({
      engine,
      material,
      formats: formats.toSorted(),
      asOf,
      paper,
      parameters,
      correction: correction ?? undefined,
      files,
      publisher: publisherText(brief),
      images: imagesOf(brief).map(({ file, sha256 }) => [file, sha256]),
      marking: dataset.marking,
      settings: dataset.settings,
      texts: textLocale({ brief, dataset })?.source,
      outlines: dataset.outlines.source?.sha256,
      own: ownKnownBy(dataset.tables, asOf),
      // Left out without imports, so that other editions keep their hash.
      ...(imports.length > 0 && { imports }),
      ...(corrections.length > 0 && { corrections }),
      ...(freshness && { freshness }),
      rows: eachRow(dataset.tables).filter(({ row }) => row.known_on <= (correction?.asOf ?? asOf)),
    }),
  );
}

/**
 * The files that an edition uses, by kind and name. Unused files are left out, so that changing one makes no
 * difference. `drawn` are the charts that the edition shows.
 */
export function partsOf(
  brief: Brief,
  { drawn, fonts, dataset }: { drawn: readonly string[]; fonts: readonly Part[]; dataset: Dataset },
): Part[] {
  const part = (kind: Part['kind'], { file, text }: SourceFile): Part => ({
    kind,
    file: projectPath(brief, file),
    sha256: hashOf(text),
  });
  const charts = Object.entries(brief.charts).flatMap(([name, chart]) => (drawn.includes(name) ? chart : []));
  const isDrawn = (sets: readonly string[]) =>
    charts.some(({ data }) => Object.values(data).some((set) => sets.includes(set)));
  const outlines = dataset.outlines.source;
  const folder = dataset.folder.split('/').at(-1);
  const parts: Part[] = [
    { ...part('settings', brief.definition), sha256: hashOf(canonicalJson(settingsOf(brief))) },
    part('settings', { file: 'sitrep.yaml', text: publisherText(brief) }),
    ...imagesOf(brief).map(({ file, sha256 }) => ({ kind: 'image' as const, file, sha256 })),
    part('template', brief.template),
    ...[...usedPartials(brief).values()].map((source) => part('partial', source)),
    part('styles', brief.styles),
    ...[brief.locale, textLocale({ brief, dataset })].flatMap((each) =>
      each === undefined ? [] : [part('locale', each.source)],
    ),
    ...Object.values(namedQueries(brief)).map((source) => part('query', source)),
    ...evidenceQueries(brief).map(([, source]) => part('query', source)),
    ...brief.macros.map((source) => part('macros', source)),
    ...charts.map(({ source }) => part('spec', source)),
    ...(charts.length > 0 ? [part('theme', brief.theme.source)] : []),
    ...(outlines && isDrawn(['outlines', 'borders'])
      ? [{ kind: 'outlines' as const, file: `data/${folder}/${outlines.file}`, sha256: outlines.sha256 }]
      : []),
    ...(isDrawn([WORLD]) ? [{ kind: 'outlines' as const, ...worldSource }] : []),
    ...fonts,
    ...brief.identity.fonts.map(({ file, sha256 }) => ({ kind: 'font' as const, file, sha256 })),
  ];
  const byName = new Map(parts.map((each) => [`${each.kind} ${each.file}`, each]));
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

/** What `sitrep.yaml` says of the publisher, with what follows where it says nothing. */
const publisherText = ({ publisher, identity: { colours, logo, fonts } }: Brief): string =>
  canonicalJson({
    publisher,
    colours,
    logo: logo?.sha256 ?? null,
    fonts: fonts.map(({ file, sha256 }) => [file, sha256]),
  });

/** The settings in `brief.yaml` that affect the page; schedule, delivery, goldens and limits do not. */
function settingsOf({ config }: Brief): object {
  const { schedule, deliver: _targets, golden: _days, limits: _limits, ...shaping } = config;
  return { ...shaping, timezone: schedule.timezone };
}

/**
 * A file's path in its project, wherever the project is: `templates/weekly/brief.hbs`. A file that the program supplies
 * in place of the project's own has the same name.
 */
export function projectPath({ id, definition }: Brief, file: string): string {
  const folder = definition.file.slice(0, -`${id}/brief.yaml`.length);
  if (definition.file.endsWith(`/${id}/brief.yaml`) && file.startsWith(folder))
    return `templates/${file.slice(folder.length)}`;
  const shared = file.lastIndexOf('/_shared/');
  return shared === -1 ? file : `templates${file.slice(shared)}`;
}
