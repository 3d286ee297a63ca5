import type { NewEdition } from './records.ts';
import type { Day } from '../calendar.ts';
import { hashOf } from '../hash.ts';
import type { Paper } from '../project/brief.ts';
import type { Parameters } from '../project/parameters.ts';

/** The properties that identify an edition of a brief. The brief's own paper is left out of the name. */
export interface EditionOf {
  readonly asOf: Day;
  readonly paper: Paper;
  /** The brief's own paper when the edition was requested. If null, the name always includes the paper. */
  readonly ownPaper: Paper | null;
  readonly parameters: Parameters;
  /** 1 if left out: the first issue. */
  readonly revision?: number | undefined;
}

/**
 * The identity of an edition and its path below an output folder: `weekly/2021-08-22`, `weekly/2021-08-22-Letter`,
 * `by-region/2021-08-22-region=north`, or `weekly/2021-08-22-r2` for a correction. It is unique and safe as a path.
 */
export function editionId({ brief, ...edition }: EditionOf & { readonly brief: string }): string {
  return `${brief}/${editionName(edition)}`;
}

/** A request for an edition, with the id that it keeps. */
export const newEdition = (
  edition: Omit<NewEdition, 'id'>,
  { ownPaper }: Pick<EditionOf, 'ownPaper'>,
): NewEdition => ({
  id: editionId({ ...edition, ownPaper, revision: edition.correction?.revision }),
  ...edition,
});

/** The paper that the edition's name leaves out, or null. The brief's paper may have changed since the request. */
export function ownPaperOf({ id, ...edition }: NewEdition): Paper | null {
  const { paper } = edition;
  return newEdition(edition, { ownPaper: paper }).id === id ? paper : null;
}

/** The edition's part of its identity. It names the folder and, after the brief's name, the files. */
export function editionName({ asOf, paper, ownPaper, parameters, revision = 1 }: EditionOf): string {
  return [
    asOf,
    paper === ownPaper ? [] : paper,
    // It comes before the parameters, whose values may contain any text. It cannot be mistaken for a parameter, which
    // has a "=".
    revision === 1 ? [] : `r${revision}`,
    parametersPart(parameters),
  ]
    .flat()
    .join('-');
}

/** Maximum length of the parameters in a name, which stays well below the file systems' limit of 255 bytes. */
const mostCharacters = 80;

function parametersPart(parameters: Parameters): string[] {
  const values = Object.entries(parameters)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${encode(value)}`);
  if (values.length === 0) return [];
  // Names and encoded values never contain "=", "," or "~", so these are safe as separators.
  const whole = values.join(',');
  if (whole.length <= mostCharacters) return [whole];
  const hash = hashOf(whole).slice(0, 16);
  return [`${whole.slice(0, mostCharacters - hash.length - 1).replace(/%[0-9A-F]?$/, '')}~${hash}`];
}

/** Percent-encodes UTF-8, except letters, digits, `_`, `.` and `-`. */
const encode = (value: string): string =>
  encodeURIComponent(value.toWellFormed()).replaceAll(
    /[!~*'()]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

export function splitEditionId(id: string): { readonly brief: string; readonly name: string } {
  const slash = id.indexOf('/');
  return { brief: id.slice(0, slash), name: id.slice(slash + 1) };
}

/** An edition's path in a URL, such as `weekly/2021-08-22`. Encoded, because parameters may contain `%`. */
export function editionPath(id: string): string {
  const { brief, name } = splitEditionId(id);
  return `${encodeURIComponent(brief)}/${encodeURIComponent(name)}`;
}
