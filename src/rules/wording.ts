import type { Fault } from '../errors.ts';
import { type Draft, inRow, onPage } from './draft.ts';
import { textOf } from './html.ts';
import { escaped, methodFile, pageTexts, rowTexts, settingTexts } from './texts.ts';

/** The house has one name for each actor; an alias stands only beside it, or in a quotation. */
export function aliases(draft: Draft): Fault[] {
  const { known, brief } = draft;
  const named = known.actors.filter((actor) => actor.aliases.length > 0);
  const house = known.actors
    .flatMap(({ name, long_name }) => [name, long_name])
    .toSorted((a, b) => b.length - a.length);
  const anyAlias = new RegExp(
    named.flatMap(({ aliases: others }) => others.map(escaped)).join('|') || '(?!)',
  );
  const used = (text: string) => {
    if (!anyAlias.test(text)) return [];
    // "UN Monitoring Team" holds the alias "Monitoring Team".
    const rest = house.reduce((left, name) => left.replaceAll(name, ' '), text);
    return named.flatMap(({ name, aliases: others }) =>
      text.includes(name)
        ? []
        : others.filter((alias) => wordIn(rest, alias)).map((alias) => ({ alias, name })),
    );
  };
  const rowFaults = rowTexts(draft)
    .filter(({ entry }) => entry.table !== 'actors')
    .flatMap(({ entry, field, text }) =>
      used(text).map(({ alias, name }) =>
        inRow(draft, { ...entry, field }, `says "${alias}".`, `The house name is "${name}".`),
      ),
    );
  const briefFaults = settingTexts(brief).flatMap(([field, text]) =>
    used(text).map(({ alias, name }) => ({
      file: brief.definition.file,
      field,
      problem: `"${alias}" is no name of the house.`,
      mend: `The house name is "${name}".`,
    })),
  );
  const pageFaults = pageTexts(draft, anyAlias).flatMap(({ element, text }) =>
    used(text).map(({ alias, name }) =>
      onPage(element, `The page says "${alias}".`, `The house name is "${name}".`),
    ),
  );
  return [...rowFaults, ...briefFaults, ...pageFaults];
}

const patterns = new Map<string, RegExp>();
function wordIn(text: string, word: string): boolean {
  const pattern =
    patterns.get(word) ?? new RegExp(`(?<![\\p{L}\\p{N}-])${escaped(word)}(?![\\p{L}\\p{N}-])`, 'u');
  patterns.set(word, pattern);
  return pattern.test(text);
}

/** How a brief is made is told in one place, so that no statement passes by calling itself method. */
export function strayMethod({ tree }: Draft): Fault[] {
  const elements = tree.elements;
  const calls = ({ attributes, name }: (typeof elements)[number], text: () => string) =>
    [attributes['class'], attributes['id']].some((value) => /\bmethod/i.test(value ?? '')) ||
    (/^h[1-6]$/.test(name) && /\bmethod/i.test(text()));
  const stray = elements
    .filter((element) => !methodFile.test(element.file) && calls(element, () => textOf(element)))
    .map((element) =>
      onPage(
        element,
        `<${element.name}> calls itself method.`,
        'Give it another class, id or heading: the word "method" is for _shared/partials/method.hbs alone.',
      ),
    );
  const told = elements.some(({ file, name }) => name === 'section' && methodFile.test(file));
  return told
    ? stray
    : [
        ...stray,
        {
          problem: 'The page does not say how it was made.',
          mend: 'Put all of the template between {{#> page}} and {{/page}}, or {{> method}} into a layout of your own.',
        },
      ];
}
