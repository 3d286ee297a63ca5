import type { TableRow } from '../dataset/references.ts';
import { type Fault, quoted, sentencesOf } from '../errors.ts';
import { type Draft, excerpt, inRow, onPage } from './draft.ts';
import { type Element, textOf } from './html.ts';
import { chartTexts, escaped, methodFile, pageTexts, rowTexts } from './texts.ts';
import type { Piece } from './units.ts';
import { type Estimates, wordsFor } from './words.ts';

/** A wording to avoid: what the text says, for brief.yaml the same as a whole sentence, and how to fix it. */
interface Wording {
  readonly says: string;
  readonly inSettings?: string;
  readonly hint: string;
}

/** Searches the texts of rows, of brief.yaml, and of the page where it has a `suspect` word. */
function* faultsIn(
  draft: Draft,
  suspect: RegExp,
  find: (text: string, entry?: TableRow) => readonly Wording[],
): Generator<Fault> {
  const { definition, config } = draft.brief;
  for (const { entry, field, text } of rowTexts(draft))
    for (const { says, hint } of find(text, entry)) yield inRow(draft, { ...entry, field }, says, hint);
  const settings = [
    ['title', config.title],
    ['subject', config.subject],
    ...chartTexts(draft.brief),
  ] as const;
  for (const [field, text] of settings)
    for (const { says, inSettings = `It ${says}`, hint } of find(text.replaceAll(quoted, ' ')))
      yield { file: definition.file, field, problem: inSettings, hint };
  for (const { element, text } of pageTexts(draft, suspect))
    for (const { says, hint } of find(text)) yield onPage(element, `The page ${says}`, hint);
}

/** Each actor has one house name; an alias is printed only beside that name or in a quotation. */
export function aliases(draft: Draft): Iterable<Fault> {
  const { actors } = draft.known;
  const house = actors
    .flatMap(({ name, long_name }) => [name, long_name])
    .toSorted((a, b) => b.length - a.length);
  const anyAlias = new RegExp(actors.flatMap((actor) => actor.aliases.map(escaped)).join('|') || '(?!)');
  return faultsIn(draft, anyAlias, (text, entry) => {
    if (entry?.table === 'actors' || !anyAlias.test(text)) return [];
    // A house name may contain another actor's alias: "Northern Border Guard" and "Border Guard".
    const rest = house.reduce((left, name) => left.replaceAll(name, ' '), text);
    return actors
      .filter(({ name }) => !text.includes(name))
      .flatMap((actor) =>
        actor.aliases
          .filter((alias) => wordIn(rest, alias))
          .map((alias) => ({
            says: `says "${alias}".`,
            inSettings: `"${alias}" is not the house name.`,
            hint: `The house name is "${actor.name}".`,
          })),
      );
  });
}

const wordIn = (text: string, word: string): boolean =>
  new RegExp(`(?<![\\p{L}\\p{N}-])${escaped(word)}(?![\\p{L}\\p{N}-])`, 'u').test(text);

/** How a brief is produced is explained in one place, so that no statement can avoid a citation by posing as method. */
export function* strayMethod(draft: Draft): Generator<Fault> {
  const { elements } = draft.tree;
  const method = wordsFor(draft)?.method;
  const isLabelled = (element: Element) =>
    [element.attributes['class'], element.attributes['id']].some((value) => /\bmethod/i.test(value ?? '')) ||
    (/^h[1-6]$/.test(element.name) && method?.test(textOf(element)) === true);
  for (const element of elements)
    if (!methodFile.test(element.file) && isLabelled(element))
      yield onPage(
        element,
        `<${element.name}> is labelled as the method.`,
        'Give it another class, id or heading: only _shared/partials/method.hbs may use the word "method".',
      );
  if (!elements.some(({ file, name }) => name === 'section' && methodFile.test(file)))
    yield {
      problem: 'The page does not explain the method.',
      hint: 'Wrap the whole template in {{#> page}} … {{/page}}, or add {{> method}} to your own layout.',
    };
}

/**
 * Likelihood and confidence use the terms of the scale and never share a sentence. Checks rows, the page and
 * brief.yaml.
 */
export function* offScale(draft: Draft): Generator<Fault> {
  const words = wordsFor(draft)?.estimates;
  if (words === undefined) return;
  const { otherLikelihood, otherConfidence } = words;
  const anyOffScale = new RegExp(`${otherLikelihood.source}|${otherConfidence.source}`, 'iu');
  yield* faultsIn(draft, anyOffScale, (text) => [
    ...[...text.matchAll(otherLikelihood)].map(([word]) => ({
      says: `says "${word}", which is not on our likelihood scale.`,
      hint: 'Use a term from ICD 203: very unlikely, unlikely, likely, very likely.',
    })),
    ...(otherConfidence.exec(text) ?? [])
      .slice(0, 1)
      .map((term) => ({ says: `says "${term}".`, hint: 'Confidence is high, moderate or low.' })),
  ]);
  yield* unsaidIn(draft, words);
  yield* mixedIn(draft, words);
}

/** The likelihood in a key judgment's text equals the one in its row. */
function* unsaidIn({ dataset, used, rows }: Draft, { likelihood }: Estimates): Generator<Fault> {
  for (const id of used) {
    const entry = rows.get(id);
    if (entry?.table !== 'judgments' || entry.row.author !== null || entry.row.role !== 'key') continue;
    const said = entry.row.text.replaceAll(quoted, ' ').matchAll(likelihood);
    for (const term of new Set([...said].map(([word]) => word.toLowerCase())))
      if (term !== entry.row.likelihood)
        yield inRow(
          { dataset },
          { ...entry, field: 'likelihood' },
          `says "${term}", but its column likelihood does not.`,
          'Use the same term in the column and in the text.',
        );
  }
}

/** A note's number ends the word before it. */
const worded = ([{ text }, { parent, name }]: Piece['texts'][number]): string =>
  /^[\d,–]+$/.test(text) && (name === 'sup' || name === 'a' || parent?.name === 'sup') ? ' ' : text;

function* mixedIn(
  { pieces }: Draft,
  { likelihood, otherLikelihood, confidence }: Estimates,
): Generator<Fault> {
  const anyLikelihood = new RegExp(`${likelihood.source}|${otherLikelihood.source}`, 'iu');
  for (const { texts, element } of pieces) {
    const text = texts.map(worded).join('').replaceAll(/\s+/g, ' ');
    if (!confidence.test(text) || methodFile.test(element.file)) continue;
    for (const sentence of sentencesOf(text).map((each) => each.replaceAll(quoted, ' ')))
      if (anyLikelihood.test(sentence) && confidence.test(sentence))
        yield onPage(
          element,
          `Likelihood and confidence are in the same sentence: "${excerpt(sentence)}".`,
          'Split it into two sentences.',
        );
  }
}
