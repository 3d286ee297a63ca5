import type { Day } from '../calendar.ts';
import type { RowOf } from '../dataset/schema.ts';
import { similarTo } from '../errors.ts';
import type { NameCount } from './places/countries.ts';

export interface ActorMatches {
  /** The given names that are the name, long name or alias of a row in `actors`. */
  readonly matched: readonly NameCount[];
  /** The other names, the most frequent first. */
  readonly others: readonly NameCount[];
}

/** Compares the names in incidents with the table `actors`, in small letters. */
export function matchActors(names: readonly NameCount[], actors: readonly RowOf<'actors'>[]): ActorMatches {
  const known = new Set(
    actors.flatMap(({ name, long_name: long, aliases }) =>
      [name, long, ...aliases].map((each) => each.toLowerCase()),
    ),
  );
  const isKnown = ({ name }: NameCount): boolean => known.has(name.toLowerCase());
  return { matched: names.filter(isKnown), others: names.filter((each) => !isKnown(each)) };
}

/** Beyond these limits, a name gets no proposed row. */
const MOST_PROPOSED = 200;
const FEWEST_INCIDENTS = 3;

/** Rows of `actors` for the frequent names without one, as CSV. */
export function proposeActors(
  { others }: ActorMatches,
  actors: readonly RowOf<'actors'>[],
  knownOn: Day,
): string {
  const taken = new Set(actors.map(({ id }) => id));
  const cell = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = frequent(others).map(({ name, count }) => {
    const id = idFor(name, taken);
    taken.add(id);
    return [id, knownOn, 'current', name, name, '', `In ${count.toLocaleString('en-GB')} incidents`]
      .map(cell)
      .join(',');
  });
  return ['id,known_on,status,name,long_name,aliases,note', ...rows].map((line) => `${line}\n`).join('');
}

const frequent = (names: readonly NameCount[]): readonly NameCount[] =>
  names.filter(({ count }) => count >= FEWEST_INCIDENTS).slice(0, MOST_PROPOSED);

function idFor(name: string, taken: ReadonlySet<string>): string {
  const slug = ascii(name)
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  const base = `A-${slug === '' ? 'actor' : slug}`;
  let id = base;
  for (let number = 2; taken.has(id); number += 1) id = `${base}-${number}`;
  return id;
}

const ascii = (text: string): string => text.normalize('NFKD').replaceAll(/\p{M}/gu, '');

/** Two names that may mean one actor. */
export interface NearDuplicate {
  readonly name: string;
  readonly like: string;
}

/** Frequent names that differ from another one, or from a known actor's, by little more than spelling. */
export function nearDuplicates(
  { others }: ActorMatches,
  actors: readonly RowOf<'actors'>[],
): NearDuplicate[] {
  const found: NearDuplicate[] = [];
  const earlier = new Map(
    actors.flatMap(({ name, aliases }) => [name, ...aliases].map((each) => [plain(each), each] as const)),
  );
  for (const { name } of frequent(others)) {
    const own = plain(name);
    const like =
      earlier.get(own) ??
      earlier.get(
        similarTo(
          own,
          [...earlier.keys()].filter((other) => numbers(other) === numbers(own)),
        ) ?? '',
      );
    if (like !== undefined) found.push({ name, like });
    if (!earlier.has(own)) earlier.set(own, name);
  }
  return found;
}

/** Without accents, signs, articles and what is in brackets. */
const plain = (name: string): string =>
  ascii(name)
    .toLowerCase()
    .replaceAll(/\([^)]*\)/g, ' ')
    .replaceAll(/\b(the|of|and|for)\b/g, ' ')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/** Names with different numbers, such as the 1st and the 2nd battalion, are different actors. */
const numbers = (name: string): string => (name.match(/\d+/g) ?? []).join(' ');
