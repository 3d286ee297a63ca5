import { type Fault, quoted, sentencesOf } from '../errors.ts';
import { type Draft, excerpt, inRow, onPage } from './draft.ts';
import { textOf } from './html.ts';
import { escaped, methodFile, pageTexts, rowTexts, settingTexts } from './texts.ts';
import type { Piece } from './units.ts';
import { type Estimates, wordsFor } from './words.ts';

/** Each actor has one house name; an alias is printed only beside that name or in a quotation. */
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
    // A house name may contain another actor's alias: "Northern Border Guard" and "Border Guard".
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
      problem: `"${alias}" is not the house name.`,
      hint: `The house name is "${name}".`,
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

/** How a brief is produced is explained in one place, so that no statement can avoid a citation by posing as method. */
export function strayMethod(draft: Draft): Fault[] {
  const { elements } = draft.tree;
  const method = wordsFor(draft)?.method;
  const calls = ({ attributes, name }: (typeof elements)[number], text: () => string) =>
    [attributes['class'], attributes['id']].some((value) => /\bmethod/i.test(value ?? '')) ||
    (/^h[1-6]$/.test(name) && method?.test(text()) === true);
  const stray = elements
    .filter((element) => !methodFile.test(element.file) && calls(element, () => textOf(element)))
    .map((element) =>
      onPage(
        element,
        `<${element.name}> is labelled as the method.`,
        'Give it another class, id or heading: only _shared/partials/method.hbs may use the word "method".',
      ),
    );
  const isExplained = elements.some(({ file, name }) => name === 'section' && methodFile.test(file));
  return isExplained
    ? stray
    : [
        ...stray,
        {
          problem: 'The page does not explain the method.',
          hint: 'Wrap the whole template in {{#> page}} … {{/page}}, or add {{> method}} to your own layout.',
        },
      ];
}

const likelihoodHint = 'Use a term from ICD 203: very unlikely, unlikely, likely, very likely.';
const confidenceHint = 'Confidence is high, moderate or low.';

/** Words that are not on the scale, each with how to fix it. */
function offScaleIn(
  text: string,
  { otherLikelihood, otherConfidence }: Estimates,
): { says: string; hint: string }[] {
  const term = otherConfidence.exec(text)?.[0];
  return [
    ...[...text.matchAll(otherLikelihood)].map(([word]) => ({
      says: `says "${word}", which is not on our likelihood scale.`,
      hint: likelihoodHint,
    })),
    ...(term === undefined ? [] : [{ says: `says "${term}".`, hint: confidenceHint }]),
  ];
}

/**
 * Likelihood and confidence use the terms of the scale and never share a sentence. Checks rows, the page and
 * brief.yaml.
 */
export function offScale(draft: Draft): Fault[] {
  const words = wordsFor(draft)?.estimates;
  if (words === undefined) return [];
  const { otherLikelihood, otherConfidence } = words;
  const anyOffScale = new RegExp(`${otherLikelihood.source}|${otherConfidence.source}`, 'iu');
  const inRows = rowTexts(draft).flatMap(({ entry, field, text }) =>
    offScaleIn(text, words).map(({ says, hint }) => inRow(draft, { ...entry, field }, says, hint)),
  );
  const onThePage = pageTexts(draft, anyOffScale).flatMap(({ element, text }) =>
    offScaleIn(text, words).map(({ says, hint }) => onPage(element, `The page ${says}`, hint)),
  );
  const { file } = draft.brief.definition;
  const inSettings = settingTexts(draft.brief).flatMap(([field, text]) =>
    offScaleIn(text, words).map(({ says, hint }) => ({ file, field, problem: `It ${says}`, hint })),
  );
  return [...inRows, ...onThePage, ...inSettings, ...unsaidIn(draft, words), ...mixedIn(draft, words)];
}

/** The likelihood in a key judgment's text equals the one in its row. */
function unsaidIn(draft: Draft, { likelihood }: Estimates): Fault[] {
  return draft.used.flatMap((id) => {
    const entry = draft.rows.get(id);
    if (entry?.table !== 'judgments' || entry.row.author !== null || entry.row.role !== 'key') return [];
    const terms = [
      ...new Set(
        [...entry.row.text.replaceAll(quoted, ' ').matchAll(likelihood)].map(([word]) => word.toLowerCase()),
      ),
    ];
    return terms
      .filter((term) => term !== entry.row.likelihood)
      .map((term) =>
        inRow(
          draft,
          { ...entry, field: 'likelihood' },
          `says "${term}", but its column likelihood does not.`,
          'Use the same term in the column and in the text.',
        ),
      );
  });
}

/** A note's number ends the word before it. */
const worded = ([{ text }, { parent, name }]: Piece['texts'][number]): string =>
  /^[\d,–]+$/.test(text) && (name === 'sup' || name === 'a' || parent?.name === 'sup') ? ' ' : text;

function mixedIn({ pieces }: Draft, { likelihood, otherLikelihood, confidence }: Estimates): Fault[] {
  const anyLikelihood = new RegExp(`${likelihood.source}|${otherLikelihood.source}`, 'iu');
  return pieces
    .map(({ texts, element }) => ({ element, text: texts.map(worded).join('').replaceAll(/\s+/g, ' ') }))
    .filter(({ text, element }) => confidence.test(text) && !methodFile.test(element.file))
    .flatMap(({ text, element }) =>
      sentencesOf(text)
        .map((sentence) => sentence.replaceAll(quoted, ' '))
        .filter((sentence) => anyLikelihood.test(sentence) && confidence.test(sentence))
        .map((sentence) =>
          onPage(
            element,
            `Likelihood and confidence are in the same sentence: "${excerpt(sentence)}".`,
            'Split it into two sentences.',
          ),
        ),
    );
}
