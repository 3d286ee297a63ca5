import type { Day } from '../calendar.ts';
import { hashOf } from '../hash.ts';
import type { Paper } from '../project/brief.ts';
import type { Parameters } from '../project/parameters.ts';
import type { EditionRecord } from './edition.ts';

/** What makes one edition of a brief another than all others; its own paper needs no mention. */
export interface EditionOf {
  readonly asOf: Day;
  readonly paper: Paper;
  /** The brief's own when the edition was asked for; null has the name mention the paper in any case. */
  readonly ownPaper: Paper | null;
  readonly parameters: Parameters;
  /** 1 if left out: as it is first issued. */
  readonly revision?: number | undefined;
}

/**
 * The identity of an edition, and its place below an output folder: `weekly/2021-08-22`, `weekly/2021-08-22-Letter`,
 * `by-region/2021-08-22-region=north`, and corrected `weekly/2021-08-22-r2`. Two editions never share one, and it is safe as a path.
 */
export function editionId({ brief, ...edition }: EditionOf & { readonly brief: string }): string {
  return `${brief}/${editionName(edition)}`;
}

/**
 * The paper that the name of an edition leaves out, null where it mentions its paper. That was decided when the edition
 * was asked for: the paper of its brief may be another by now.
 */
export function ownPaperOf({
  id,
  brief,
  asOf,
  paper,
  parameters,
  correction,
}: Pick<EditionRecord, 'id' | 'brief' | 'asOf' | 'paper' | 'parameters' | 'correction'>): Paper | null {
  const revision = correction?.revision;
  return id === editionId({ brief, asOf, paper, ownPaper: paper, parameters, revision }) ? paper : null;
}

/** The part of the identity below the brief's name: of its folder, and after the brief's name of its files. */
export function editionName({ asOf, paper, ownPaper, parameters, revision = 1 }: EditionOf): string {
  const parts = [
    asOf,
    ...(paper === ownPaper ? [] : [paper]),
    // Before the parameters, whose values may hold anything: no paper reads so, and a parameter goes on with "=".
    ...(revision === 1 ? [] : [`r${revision}`]),
    ...parametersPart(parameters),
  ];
  return parts.join('-');
}

/** Longest part of a name that values make up: with the rest it stays well below the 255 bytes of file systems. */
const mostCharacters = 80;

function parametersPart(parameters: Parameters): string[] {
  const values = Object.entries(parameters)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${encode(value)}`);
  if (values.length === 0) return [];
  // Neither = nor , nor ~ stands in a name or in an encoded value, so that each can be told from a part of a value.
  const whole = values.join(',');
  if (whole.length <= mostCharacters) return [whole];
  const hash = hashOf(whole).slice(0, 16);
  return [`${whole.slice(0, mostCharacters - hash.length - 1).replace(/%[0-9A-F]?$/, '')}~${hash}`];
}

/** Percent-encoded in UTF-8, but for letters, digits, `_`, `.` and `-`. */
function encode(value: string): string {
  return [...new TextEncoder().encode(value)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9_.-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

/** An identity in its two halves: the brief, and the edition's name below it. */
export function splitEditionId(id: string): { readonly brief: string; readonly name: string } {
  const slash = id.indexOf('/');
  return { brief: id.slice(0, slash), name: id.slice(slash + 1) };
}

/** Where an edition stands in an address: `weekly/2021-08-22`, each half encoded, as values of parameters may hold `%`. */
export function editionPath(id: string): string {
  const { brief, name } = splitEditionId(id);
  return `${encodeURIComponent(brief)}/${encodeURIComponent(name)}`;
}
