import { ownKnownBy } from '../dataset/point-in-time.ts';
import { eachRow } from '../dataset/references.ts';
import { hashOf } from '../hash.ts';
import { imagesOf, type SourceFile } from '../project/brief.ts';
import { textLocale } from '../render/citations.ts';
import { freshnessFor, incidentsFor, type Request } from '../render/edition.ts';
import { publisherText } from './parts.ts';

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
