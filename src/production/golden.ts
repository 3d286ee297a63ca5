import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { structuredPatch } from 'diff';
import { editionsAskedFor } from './fan-out.ts';
import { type Effects, render } from './produce.ts';
import type { Day } from '../calendar.ts';
import { type Font, loadArabicFonts, loadFonts } from '../charts/fonts.ts';
import { AppError } from '../errors.ts';
import { hashOf } from '../hash.ts';
import type { Brief } from '../project/brief.ts';
import type { Loaded } from '../project/load.ts';
import { hasValues } from '../project/parameters.ts';
import { filesBelow } from '../project/source-files.ts';
import type { Material, Request } from '../render/edition.ts';
import type { Rendering } from '../rules/gate.ts';

/** The dependencies for rendering goldens. */
export interface GoldenWorld extends Pick<Effects, 'openQueries' | 'drawChart'> {
  readonly material: Material;
}

/** Selects which goldens of a brief are compared; all its golden dates if omitted. */
export interface GoldenChoice {
  readonly asOf?: Day | undefined;
  readonly parameters?: { readonly [name: string]: string | number } | undefined;
}

/**
 * A file that differs from the accepted one. `accepted` is null for a new file, `rendered` for one that no longer
 * exists.
 */
export interface Difference {
  readonly path: string;
  readonly accepted: string | null;
  readonly rendered: string | null;
}

/** The editions at a brief's golden dates, oldest first. */
export async function goldenEditions(
  { brief, dataset }: Loaded,
  { openQueries }: Pick<GoldenWorld, 'openQueries'>,
): Promise<Request[]> {
  const dates = brief.config.golden.toSorted((a, b) => (a.asOf < b.asOf ? -1 : 1));
  const found = dates.map(({ asOf, parameters: given }) =>
    editionsAskedFor({ brief, dataset, asOf, given }, { openQueries }),
  );
  return (await Promise.all(found)).flat();
}

/**
 * Renders a brief at its golden dates and compares the result with the accepted goldens. Writes nothing. Throws the
 * faults of the brief, or `parameter-invalid` if the choice matches no golden edition.
 */
export async function compareGoldens(
  {
    brief,
    dataset,
    accepted,
    choice: { asOf, parameters = {} } = {},
  }: Loaded & { accepted: GoldenFiles; choice?: GoldenChoice },
  world: GoldenWorld,
): Promise<Difference[]> {
  const all = await goldenEditions({ brief, dataset }, world);
  const values = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
  const chosen = all.filter(
    (edition) => (asOf === undefined || edition.asOf === asOf) && hasValues(edition.parameters, values),
  );
  if (chosen.length === 0) {
    const days = [...new Set(brief.config.golden.map((each) => each.asOf))].toSorted();
    const given = Object.entries(parameters).map(([name, value]) => ` with ${name}=${value}`);
    throw new AppError('parameter-invalid', {
      file: brief.definition.file,
      field: 'golden',
      problem: `${brief.id} has no golden edition${asOf === undefined ? '' : ` as of ${asOf}`}${given.join(',')}.`,
      hint: `Add the day under golden, or name one of ${days.join(', ')}.`,
    });
  }
  const last = chosen.at(-1)?.asOf ?? '';
  const editions = [];
  // A drawing is stored with the first edition that has it, so the earlier editions are rendered too.
  for (const edition of all.filter((each) => each.asOf <= last))
    editions.push({ id: edition.id, rendering: await render(edition, world, world.material) });
  const files = await goldenFiles(brief, editions);
  const folders = chosen.map((edition) => `${edition.id}/`);
  const isWhole = chosen.length === all.length;
  const concerns = (path: string) =>
    isWhole
      ? path.startsWith(`${brief.id}/`)
      : folders.some((folder) => path.startsWith(folder)) || path.startsWith(`${brief.id}/charts/`);
  // The specs of charts that the chosen editions lack are ignored.
  const expected = [...accepted.keys()].filter((path) => isWhole || !path.includes('/charts/'));
  return [...new Set([...files.keys(), ...expected])]
    .filter(concerns)
    .toSorted()
    .map((path) => ({ path, accepted: accepted.get(path) ?? null, rendered: files.get(path) ?? null }))
    .filter((each) => each.accepted !== each.rendered);
}

/** Goldens without a brief, such as those of one that was removed or renamed. */
export const strayGoldens = (accepted: GoldenFiles, briefs: readonly string[]): Difference[] =>
  [...accepted]
    .filter(([path]) => !briefs.some((id) => path.startsWith(`${id}/`)))
    .map(([path, text]) => ({ path, accepted: text, rendered: null }));

/** Accepting goldens requires somebody to read the difference, and nobody does under CI. Throws `operation-refused`. */
export function mayAccept({ ci }: { ci: string | undefined }): void {
  if (!ci) return;
  throw new AppError('operation-refused', {
    problem: 'Goldens cannot be accepted in CI (the variable CI is set).',
    hint: 'Accept them on a machine where someone reviews the difference, and commit them.',
  });
}

export type GoldenFolder = ReturnType<typeof goldenStore>;

/** The folder of accepted goldens, with one folder per brief; `path` is as messages show it. */
export function goldenStore(path: string) {
  return {
    path,
    /** The files by path below the folder. */
    async read(): Promise<GoldenFiles> {
      const names = await filesBelow(path).catch(() => []);
      const read = names.map(async (name) => [name, await readFile(join(path, name), 'utf8')] as const);
      return new Map(await Promise.all(read));
    },
    /** Writes and removes files so that none of these differences remains. */
    async accept(differences: readonly Difference[]): Promise<void> {
      for (const { path: name, rendered } of differences) {
        const file = join(path, name);
        if (rendered === null) await rm(file);
        else {
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, rendered);
        }
      }
    },
  };
}

/** Files by path below the folder of goldens, either current or expected. */
export type GoldenFiles = ReadonlyMap<string, string>;

/** Prettier's own style, whatever the project uses, so that goldens are the same everywhere. */
const layout = { printWidth: 110, singleQuote: true };

/**
 * What a reviewer sees of a brief's editions on its own paper, in folders by their ids: the HTML of each, with names in place of fonts, style sheet and drawings;
 * each drawing that differs from the previous edition's; and each compiled spec, which is the same at every date.
 */
export async function goldenFiles(
  brief: Brief,
  editions: readonly { readonly id: string; readonly rendering: Pick<Rendering, 'html' | 'charts'> }[],
): Promise<GoldenFiles> {
  // Only goldens are formatted so that a person can read them, so other commands do not load this.
  const prettier = await import('prettier');
  const format = (text: string, parser: 'html' | 'json') => prettier.format(text, { ...layout, parser });
  const fonts = [...(await loadFonts()), ...(await loadArabicFonts())];
  const files = new Map<string, string>();
  const drawn = new Map<string, { svg: string; path: string }>();
  for (const { id: folder, rendering } of editions) {
    let html = replaceFonts(rendering.html, fonts);
    html = replaceOnce(html, brief.styles.text, `/* page.css, sha256 ${hashOf(brief.styles.text)} */`);
    for (const [chart, { svg, compiled }] of Object.entries(rendering.charts)) {
      const before = drawn.get(chart);
      const path = before?.svg === svg ? before.path : `${folder}/${chart}.svg`;
      drawn.set(chart, { svg, path });
      files.set(path, `${svg.replaceAll('><', '>\n<')}\n`);
      html = replaceOnce(html, svg, `<img src="${between(folder, path)}" />`);

      const spec = `${brief.id}/charts/${chart}.vg.json`;
      const text = await format(JSON.stringify(compiled), 'json');
      if ((files.get(spec) ?? text) !== text) throw new Error(`${spec} depends on more than spec and theme.`);
      files.set(spec, text);
    }
    files.set(`${folder}/brief.html`, await format(html, 'html'));
  }
  return files;
}

/** The relative path from one edition's folder to a file in it or in another edition of the brief. */
function between(folder: string, path: string): string {
  const [, own = ''] = folder.split('/');
  const [, other, file = ''] = path.split('/');
  return own === other ? file : `../${other}/${file}`;
}

function replaceFonts(html: string, fonts: readonly Font[]): string {
  return html.replaceAll(/url\(data:font\/woff2;base64,([^)]*)\)/g, (_, base64: string) => {
    const sha256 = hashOf(Buffer.from(base64, 'base64'));
    const font = fonts.find((each) => each.sha256 === sha256);
    if (font === undefined) throw new Error('The page contains a font that is not built in.');
    return `url(${font.file}#sha256-${sha256})`;
  });
}

/** Throws unless `part` occurs in `text` exactly once. */
function replaceOnce(text: string, part: string, other: string): string {
  const pieces = text.split(part);
  if (pieces.length !== 2)
    throw new Error(`The page contains ${pieces.length - 1} copies of: ${part.slice(0, 80)}`);
  return pieces.join(other);
}

/** A line of a difference: in both texts, only in the accepted one, only in the rendered one, or a heading. */
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added' | 'heading';
  readonly text: string;
}

/** Unchanged lines before and after each change. */
const CONTEXT_LINES = 3;
/** Further lines are only counted: nobody reads that far, and one rewritten file would bury the next. */
const MAX_LINES = 120;

/** A unified difference of two texts. Its headings give file and line in a form that a terminal can open. */
export function unifiedDiff({
  file,
  accepted,
  rendered,
}: Omit<Difference, 'path'> & { readonly file: string }): DiffLine[] {
  const head: DiffLine[] = [
    { kind: 'removed', text: accepted === null ? '--- nothing accepted yet' : `--- ${file} (accepted)` },
    { kind: 'added', text: rendered === null ? '+++ no longer rendered' : `+++ ${file} (rendered)` },
  ];
  if (accepted === null || rendered === null) {
    const count = (accepted ?? rendered ?? '').replace(/\n$/, '').split('\n').length;
    return [...head, { kind: 'heading', text: `@@ ${file}:1 @@ ${count} lines` }];
  }
  const { hunks } = structuredPatch(file, file, accepted, rendered, '', '', { context: CONTEXT_LINES });
  const body = hunks.flatMap(({ oldStart, lines }): DiffLine[] => {
    // The line of the change itself, where an editor should open.
    const change = lines.findIndex((line) => !line.startsWith(' '));
    return [{ kind: 'heading', text: `@@ ${file}:${oldStart + change} @@` }, ...lines.map(lineOf)];
  });
  const left = body.length - MAX_LINES;
  return [
    ...head,
    ...body.slice(0, MAX_LINES),
    ...(left > 0 ? [{ kind: 'heading', text: `… and ${left} more lines` } as const] : []),
  ];
}

function lineOf(line: string): DiffLine {
  if (line.startsWith('\\')) return { kind: 'same', text: line };
  const kind = line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'same';
  return { kind, text: `${line.slice(0, 1)} ${line.slice(1)}` };
}
