import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, posix, relative, sep } from 'node:path';
import type { Day } from '../calendar.ts';
import { loadArabicFonts, loadFonts } from '../charts/fonts.ts';
import type { Dataset } from '../dataset/schema.ts';
import { AppError } from '../errors.ts';
import type { Brief } from '../project/brief.ts';
import { hasValues } from '../project/parameters.ts';
import type { Material, Request } from '../render/edition.ts';
import { editionsAskedFor } from './fan-out.ts';
import { type Format, type GoldenFiles, goldenFiles, type NamedFont } from './golden.ts';
import { type Effects, render } from './produce.ts';

/** The dependencies for rendering goldens. */
export interface GoldenWorld {
  readonly openQueries: Effects['openQueries'];
  readonly drawChart: Effects['drawChart'];
  readonly material: Material;
  readonly fonts: readonly NamedFont[];
  readonly format: Format;
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
  { brief, dataset }: { brief: Brief; dataset: Dataset },
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
  }: { brief: Brief; dataset: Dataset; accepted: GoldenFiles; choice?: GoldenChoice },
  world: GoldenWorld,
): Promise<Difference[]> {
  const all = await goldenEditions({ brief, dataset }, world);
  const values = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
  const chosen = all.filter(
    (edition) => (asOf === undefined || edition.asOf === asOf) && hasValues(edition.parameters, values),
  );
  if (chosen.length === 0) throw noSuchGolden(brief, { asOf, parameters });
  const last = chosen.at(-1)?.asOf ?? '';
  const editions = [];
  // A drawing is stored with the first edition that has it, so the earlier editions are rendered too.
  for (const edition of all.filter((each) => each.asOf <= last))
    editions.push({ id: edition.id, rendering: await render(edition, world, world.material) });
  const files = await goldenFiles(brief, editions, world);
  const folders = chosen.map((edition) => `${edition.id}/`);
  const isWhole = chosen.length === all.length;
  const concerns = (path: string) =>
    isWhole
      ? path.startsWith(`${brief.id}/`)
      : folders.some((folder) => path.startsWith(folder)) || path.startsWith(`${brief.id}/charts/`);
  return differencesOf(
    new Map([...files].filter(([path]) => concerns(path))),
    // The specs of charts that the chosen editions lack are ignored.
    new Map([...accepted].filter(([path]) => concerns(path) && (isWhole || !path.includes('/charts/')))),
    accepted,
  );
}

function differencesOf(files: GoldenFiles, expected: GoldenFiles, accepted: GoldenFiles): Difference[] {
  const paths = [...new Set([...files.keys(), ...expected.keys()])].toSorted();
  return paths
    .map((path) => ({ path, accepted: accepted.get(path) ?? null, rendered: files.get(path) ?? null }))
    .filter((each) => each.accepted !== each.rendered);
}

/** Goldens without a brief, such as those of one that was removed or renamed. */
export const strayGoldens = (accepted: GoldenFiles, briefs: readonly string[]): Difference[] =>
  [...accepted]
    .filter(([path]) => !briefs.some((id) => path.startsWith(`${id}/`)))
    .map(([path, text]) => ({ path, accepted: text, rendered: null }));

/** The files to write and remove so that no difference remains. */
export function toAccept(differences: readonly Difference[]): { files: GoldenFiles; removed: string[] } {
  return {
    files: new Map(
      differences.flatMap(({ path, rendered }) => (rendered === null ? [] : [[path, rendered] as const])),
    ),
    removed: differences.flatMap(({ path, rendered }) => (rendered === null ? [path] : [])),
  };
}

/** Accepting goldens requires somebody to read the difference, and nobody does under CI. Throws `operation-refused`. */
export function mayAccept({ ci }: { ci: string | undefined }): void {
  if (!ci) return;
  throw new AppError('operation-refused', [
    {
      problem: 'Goldens cannot be accepted in CI (the variable CI is set).',
      hint: 'Accept them on a machine where someone reviews the difference, and commit them.',
    },
  ]);
}

function noSuchGolden({ id, definition, config }: Brief, { asOf, parameters }: GoldenChoice): AppError {
  const days = [...new Set(config.golden.map((each) => each.asOf))].toSorted();
  const values = Object.entries(parameters ?? {}).map(([name, value]) => ` with ${name}=${value}`);
  return new AppError('parameter-invalid', [
    {
      file: definition.file,
      field: 'golden',
      problem: `${id} has no golden edition${asOf === undefined ? '' : ` as of ${asOf}`}${values.join(',')}.`,
      hint: `Add the day under golden, or name one of ${days.join(', ')}.`,
    },
  ]);
}

/** The folder of accepted goldens, with one folder per brief. */
export interface GoldenFolder {
  /** The path as messages show it. */
  readonly path: string;
  /** The files by path below the folder. */
  read(): Promise<ReadonlyMap<string, string>>;
  /** Writes the files and removes the given paths. */
  change(files: ReadonlyMap<string, string>, removed: readonly string[]): Promise<void>;
  format: Format;
  loadFonts(): Promise<readonly NamedFont[]>;
}

/** Prettier's own style, whatever the project uses, so that goldens are the same everywhere. */
const layout = { printWidth: 110, singleQuote: true };

export function goldenStore(path: string): GoldenFolder {
  return {
    path,
    async read() {
      const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
      const names = entries
        .filter((entry) => entry.isFile())
        .map((entry) => relative(path, join(entry.parentPath, entry.name)).split(sep).join('/'));
      const read = names.map(async (name) => [name, await readFile(join(path, name), 'utf8')] as const);
      return new Map(await Promise.all(read));
    },
    async change(files, removed) {
      for (const name of removed) await rm(posix.join(path, name));
      for (const [name, text] of files) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), text);
      }
    },
    async format(text, language) {
      // Only tests need it, so other commands do not load it.
      const { format } = await import('prettier');
      return format(text, { ...layout, parser: language });
    },
    loadFonts: async () => [...(await loadFonts()), ...(await loadArabicFonts())],
  };
}
