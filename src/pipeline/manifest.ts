import type { SourceFile } from '../model/brief.ts';
import { issueNumber } from '../model/calendar.ts';
import type { Corrected, Correction } from '../model/correction.ts';
import { hashOf, type FileToStore, type Manifest } from '../model/manifest.ts';
import { eachRow } from '../model/references.ts';
import { correctionText } from './changes.ts';
import { plainText } from './plain-text.ts';
import type { Edition, Request } from './produce.ts';

export function describeEdition(
  { brief, asOf, paper, parameters, correction = null }: Request,
  {
    known,
    used,
    corrected,
    pages,
    html,
    rules,
  }: Pick<Edition, 'known' | 'used' | 'corrected' | 'html' | 'rules'> & { readonly pages: number | null },
  { inputs, files }: { inputs: string; files: readonly FileToStore[] },
): Manifest {
  const shown = new Set(used);
  return {
    brief: brief.id,
    issue: issueNumber(asOf),
    asOf,
    paper,
    parameters,
    correction: correction && describeCorrection(correction, corrected),
    inputs,
    pages,
    summary: bottomLine(html),
    rows: eachRow(known)
      .filter(({ row }) => shown.has(row.id))
      .map(({ table, row }) => ({
        id: row.id,
        table,
        known_on: row.known_on,
        sha256: hashOf(JSON.stringify(row)),
      }))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    rules: { passed: [...rules.passed], waived: [...rules.waived] },
    files: files.map(({ name, content }) => ({
      name,
      bytes: Buffer.byteLength(content),
      sha256: hashOf(content),
    })),
  };
}

const describeCorrection = (
  { revision, asOf, replaces }: Correction,
  corrected: readonly Corrected[],
): Manifest['correction'] => ({
  revision,
  asOf,
  replaces,
  changes: corrected.map((each) => ({
    id: each.id,
    table: each.table,
    change: each.change === 'withdrawn' ? 'withdrawn' : 'revised',
    known_on: each.knownOn,
    text: correctionText(each),
  })),
});

/** The paragraphs of the element `class="bottom-line"`, without their citations. */
function bottomLine(html: string): string[] {
  const [, content = ''] = /<div class="bottom-line">([\s\S]*?)<\/div>/.exec(html) ?? [];
  return [...content.matchAll(/<p\b[^>]*>([\s\S]*?)<\/p>/g)].map(([, paragraph = '']) =>
    plainText(paragraph.replaceAll(/<sup class="cite">[\s\S]*?<\/sup>/g, '')),
  );
}

/**
 * The hash of all that an edition is made from: every file of the brief, the rows known by its cut-off, its identity,
 * the formats asked for, `material` (the hash of fonts and outlines) and `engine`, which names the program and its
 * libraries.
 */
export function inputsOf(
  { brief, dataset, asOf, paper, parameters, correction }: Request,
  { engine, material, formats }: { engine: string; material: string; formats: readonly string[] },
): string {
  const files: SourceFile[] = [
    brief.definition,
    brief.template,
    brief.macros,
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
      rows: eachRow(dataset.tables).filter(({ row }) => row.known_on <= (correction?.asOf ?? asOf)),
    }),
  );
}
