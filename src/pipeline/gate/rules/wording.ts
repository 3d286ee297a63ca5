import type { Fault } from '../../../model/fault.ts';
import { quoted, sentencesOf } from '../../../model/sentences.ts';
import type { TableRow } from '../../../model/references.ts';
import { excerpt, inRow, onPage, type Draft } from '../draft.ts';
import { textOf } from '../html-tree.ts';

/** Intelligence Community Directive 203 (2015), D.6.e(2)(a): of its two rows of terms, the one that we use. */
const likelihood =
  /\b(?:almost no chance|very unlikely|unlikely|roughly even chance|very likely|likely|almost certain(?:ly)?)\b/gi;
/** Terms of its other row, and others that say how likely something is. */
const otherLikelihood =
  /\b(?:remote(?:ly possible)?|improbabl[ey]|highly (?:un)?likely|extremely (?:un)?likely|quite (?:un)?likely|most likely|more likely than not|probabl[ey]|highly probable|nearly certain(?:ly)?|roughly even odds|chances are|in all likelihood|(?:un)?doubtedly|no doubt|virtually certain)\b/gi;
const confidence = /\b(?:high|moderate|low) confidence\b/i;
const otherConfidence = /\b(?:medium|strong|weak|great|full|total|limited|fair) confidence\b/i;

/** The texts of a row that pages print. */
const printed = [
  'title',
  'label',
  'summary',
  'caveat',
  'text',
  'confidence_basis',
  'meaning',
  'denominator',
  'observed_note',
  'descriptor',
  'grade_note',
  'note',
] as const;

interface RowText {
  readonly entry: TableRow;
  readonly field: string;
  /** Without what it quotes, whose words are not ours. */
  readonly text: string;
}

/** The texts of the rows that the page shows. */
function textsOf({ used, rows }: Draft): RowText[] {
  return used.flatMap((id) => {
    const entry = rows.get(id);
    if (entry === undefined) return [];
    return printed.flatMap((field) => {
      const value: unknown = Reflect.get(entry.row, field);
      return typeof value === 'string' ? [{ entry, field, text: value.replaceAll(quoted, ' ') }] : [];
    });
  });
}

/** Likelihood and confidence in their own words, and never in one sentence. */
export function offScale(draft: Draft): Fault[] {
  const inTexts = textsOf(draft).flatMap(({ entry, field, text }) => {
    const words = [...text.matchAll(otherLikelihood)].map(([word]) => word);
    const term = otherConfidence.exec(text)?.[0];
    return [
      ...words.map((word) =>
        inRow(
          draft,
          { ...entry, field },
          `says "${word}", which is no likelihood of our scale.`,
          'Use a word of ICD 203: very unlikely, unlikely, likely, very likely.',
        ),
      ),
      ...(term === undefined
        ? []
        : [inRow(draft, { ...entry, field }, `says "${term}".`, 'Confidence is high, moderate or low.')]),
    ];
  });
  const unsaid = draft.used.flatMap((id) => {
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
          `says "${term}", which its likelihood does not.`,
          'Fill likelihood in with the word of the text.',
        ),
      );
  });
  const mixed = draft.pieces.flatMap(({ text, element }) =>
    sentencesOf(text)
      .filter((sentence) => new RegExp(likelihood.source, 'i').test(sentence) && confidence.test(sentence))
      .map((sentence) =>
        onPage(
          element,
          `Likelihood and confidence stand in one sentence: "${excerpt(sentence)}".`,
          'Make two sentences of it.',
        ),
      ),
  );
  return [...inTexts, ...unsaid, ...mixed];
}

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
  const rowFaults = textsOf(draft)
    .filter(({ entry }) => entry.table !== 'actors')
    .flatMap(({ entry, field, text }) =>
      used(text).map(({ alias, name }) =>
        inRow(draft, { ...entry, field }, `says "${alias}".`, `The house name is "${name}".`),
      ),
    );
  const { title, subject, charts } = brief.config;
  const typed = Object.entries({
    title,
    subject,
    ...Object.fromEntries(
      Object.entries(charts).flatMap(([chart, each]) =>
        (['title', 'alt', 'note'] as const).map((key) => [`charts.${chart}.${key}`, each[key] ?? '']),
      ),
    ),
  });
  const briefFaults = typed.flatMap(([field, text]) =>
    used(text.replaceAll(quoted, ' ')).map(({ alias, name }) => ({
      file: brief.definition.file,
      field,
      problem: `"${alias}" is no name of the house.`,
      mend: `The house name is "${name}".`,
    })),
  );
  return [...rowFaults, ...briefFaults];
}

const escaped = (word: string): string => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
const patterns = new Map<string, RegExp>();
function wordIn(text: string, word: string): boolean {
  const pattern =
    patterns.get(word) ?? new RegExp(`(?<![\\p{L}\\p{N}-])${escaped(word)}(?![\\p{L}\\p{N}-])`, 'u');
  patterns.set(word, pattern);
  return pattern.test(text);
}

const methodFile = /(?:^|\/)_shared\/partials\/method\.hbs$/;

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
        'Method is told in _shared/partials/method.hbs alone.',
      ),
    );
  const told = elements.some(({ file, name }) => name === 'section' && methodFile.test(file));
  return told
    ? stray
    : [
        ...stray,
        {
          problem: 'The page does not say how it was made.',
          mend: 'Write the template as {{#> page}} … {{/page}}.',
        },
      ];
}
