import { readdir, readFile, statfs } from 'node:fs/promises';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { Fault } from '../errors.ts';
import { lineOf } from '../parse-yaml.ts';
import type { SourceFile } from './brief.ts';

/** Whether a file comes with the program or is shared by all briefs of a project. */
export const isShared = (file: string): boolean => /(?:^|\/)_shared\//.test(file);

/** Adds to faults the lines of their fields, such as `layer[0].encoding.x`, in a JSON file. */
export function located(faults: readonly Fault[], { file, text }: SourceFile): Fault[] {
  const lines = new LineCounter();
  let document: Document | undefined;
  return faults.map((fault) => {
    if (fault.file !== file || fault.field === undefined || fault.line !== undefined) return fault;
    document ??= parseDocument(text, { lineCounter: lines });
    const line = lineOf(
      document,
      lines,
      fault.field.split(/[.[\]]+/).filter((step) => step !== ''),
    );
    return line === undefined ? fault : { ...fault, line };
  });
}

export function parseJson({ file, text }: SourceFile, faults: Fault[]): object {
  if (isMissing(file, faults)) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed;
    faults.push({ file, problem: 'The file is not a JSON object.', hint: 'Write an object in braces.' });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const line = lineOfJsonFault(message, text);
    faults.push({
      file,
      ...(line === null ? {} : { line }),
      problem: `${message.replace(/ \(line \d+ column \d+\)/, '')}.`,
      hint: 'Correct the JSON.',
    });
  }
  return {};
}

/** Node's message names a line, or quotes the text around the token, with ten characters before it if possible. */
function lineOfJsonFault(message: string, text: string): number | null {
  const [, line] = / \(line (\d+) column \d+\)/.exec(message) ?? [];
  if (line !== undefined) return Number(line);
  const [, token = '', cut, quoted] =
    /token '(.+)', (\.\.\.)?"([^]*)"(?:\.\.\.)? is not valid/.exec(message) ?? [];
  const start = quoted === undefined ? -1 : text.indexOf(quoted);
  if (quoted === undefined || start < 0) return null;
  return text.slice(0, start + (cut ? 10 : quoted.lastIndexOf(token))).split('\n').length;
}

/** The files with the given ending in all `places`, by name without the ending. */
export async function readFolder(
  places: readonly string[],
  ending: string,
  faults: Fault[],
): Promise<{ [name: string]: SourceFile }> {
  const found = await Promise.all(places.map((place) => readdir(place).catch(() => undefined)));
  if (found.every((each) => each === undefined)) {
    const file = places.at(-1) ?? '';
    faults.push({ file, problem: 'There is no such folder.', hint: 'Create it.' });
    return {};
  }
  const names = new Set(found.flatMap((each) => each ?? []).filter((name) => name.endsWith(ending)));
  const files = await Promise.all(
    [...names].toSorted().map(async (name): Promise<[string, SourceFile]> => {
      const candidates = places.map((place) => posix.join(place, name));
      return [name.slice(0, -ending.length), await readSource(candidates, faults)];
    }),
  );
  return Object.fromEntries(files);
}

/** Whether a file is missing. An empty file is not missing: it has other faults. */
export const isMissing = (file: string, faults: readonly Fault[]): boolean =>
  faults.some((fault) => fault.file === file);

/** The first existing file among `places`; if none exists, messages name the first place. */
export async function readSource(places: readonly string[], faults: Fault[]): Promise<SourceFile> {
  for (const file of places) {
    try {
      return { file, text: await readFile(file, 'utf8') };
    } catch (cause) {
      if (isAbsent(cause)) continue;
      faults.push(unreadable(file, cause));
      return { file, text: '' };
    }
  }
  const [file = ''] = places;
  const hint = 'Create it, or correct the name in brief.yaml.';
  faults.push({ file, problem: 'There is no such file.', hint });
  return { file, text: '' };
}

export const unreadable = (file: string, cause: unknown): Fault => ({
  file,
  problem: `The file cannot be read: ${String(cause)}.`,
  hint: 'Correct its permissions.',
});

/** Whether an error says that a file does not exist. */
export const isAbsent = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';

/** The paths of all files below a folder, sorted, in the form `queries/gaps.sql`. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .toSorted();
}

/** Free bytes that this user may write on the disk of a folder. Neither the folder nor its parents need exist yet. */
export async function freeBytesAt(folder: string): Promise<number> {
  const place = resolve(folder);
  try {
    const { bavail, bsize } = await statfs(place);
    return bavail * bsize;
  } catch (error) {
    if (isAbsent(error) && dirname(place) !== place) return freeBytesAt(dirname(place));
    throw error;
  }
}
