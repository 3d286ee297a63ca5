import type { Day } from '../calendar.ts';
import type { RowOf } from '../dataset/schema.ts';
import { similarTo } from '../errors.ts';
import type { NameCount } from './places/countries.ts';

type ActorMatches = ReturnType<typeof matchActors>;

/**
 * Compares the names in incidents with the table `actors`, in small letters. `matched` are the name, long name or alias of
 * a row, `others` are not.
 */
export function matchActors(names: readonly NameCount[], actors: readonly RowOf<'actors'>[]) {
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
    const base = `A-${(ascii(name).match(/[A-Za-z0-9]+/g) ?? ['actor']).join('-').slice(0, 40)}`;
    let id = base;
    for (let number = 2; taken.has(id); number += 1) id = `${base}-${number}`;
    taken.add(id);
    const note = `In ${count.toLocaleString('en-GB')} incidents`;
    return [id, knownOn, 'current', name, name, '', note].map(cell).join();
  });
  return ['id,known_on,status,name,long_name,aliases,note', ...rows].map((line) => `${line}\n`).join('');
}

const frequent = (names: readonly NameCount[]): readonly NameCount[] =>
  names.filter(({ count }) => count >= FEWEST_INCIDENTS).slice(0, MOST_PROPOSED);

const ascii = (text: string): string => text.normalize('NFKD').replaceAll(/\p{M}/gu, '');

/** Frequent names that differ from another one, or from a known actor's, by little more than spelling. */
export function nearDuplicates({ others }: ActorMatches, actors: readonly RowOf<'actors'>[]) {
  const found: { readonly name: string; readonly like: string }[] = [];
  const earlier = new Map(
    actors.flatMap(({ name, aliases }) => [name, ...aliases].map((each) => [plain(each), each] as const)),
  );
  for (const { name } of frequent(others)) {
    const own = plain(name);
    const alike = [...earlier.keys()].filter((other) => numbers(other) === numbers(own));
    const like = earlier.get(own) ?? earlier.get(similarTo(own, alike) ?? '');
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
