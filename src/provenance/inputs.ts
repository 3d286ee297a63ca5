import { eachRow } from '../dataset/references.ts';
import { hashOf } from '../hash.ts';
import type { SourceFile } from '../project/brief.ts';
import type { Request } from '../render/edition.ts';

/**
 * The hash of all that an edition is made from: every file of the brief, the rows known by its cut-off, the settings and
 * outlines of the dataset, its identity, the formats asked for, `material` (the hash of the fonts) and `engine`, which names the program and its
 * libraries.
 */
export function inputsOf(
  { brief, dataset, asOf, paper, parameters, correction }: Request,
  { engine, material, formats }: { engine: string; material: string; formats: readonly string[] },
): string {
  const files: SourceFile[] = [
    brief.definition,
    brief.template,
    ...brief.macros,
    brief.styles,
    brief.theme.source,
    ...Object.values(brief.partials),
    ...Object.values(brief.queries),
    ...Object.values(brief.charts).map(({ source }) => source),
  ];
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
      marking: dataset.marking,
      settings: dataset.settings,
      outlines: dataset.outlines.source?.sha256,
      rows: eachRow(dataset.tables).filter(({ row }) => row.known_on <= (correction?.asOf ?? asOf)),
    }),
  );
}
