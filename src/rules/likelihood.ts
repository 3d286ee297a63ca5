import { type Fault, quoted, sentencesOf } from '../errors.ts';
import { type Draft, excerpt, inRow, onPage } from './draft.ts';
import { methodFile, pageTexts, rowTexts, settingTexts } from './texts.ts';
import type { Piece } from './units.ts';

/** Intelligence Community Directive 203 (2015), D.6.e(2)(a): of its two rows of terms, the one that we use. */
const likelihood =
  /\b(?:almost no chance|very unlikely|unlikely|roughly even chance|very likely|likely|almost certain(?:ly)?)\b/gi;
/** Terms of its other row, and others that say how likely something is. */
const otherLikelihood =
  /\b(?:remote(?:ly possible| (?:chance|possibility|likelihood))|improbabl[ey]|highly (?:un)?likely|extremely (?:un)?likely|quite (?:un)?likely|most likely|more likely than not|probabl[ey]|highly probable|nearly certain(?:ly)?|roughly even odds|chances are|in all (?:likelihood|probability)|(?:un)?doubtedly|no doubt|virtually certain)\b/gi;
/** However it is said; the confidence of an interval is a figure. */
const confidence =
  /\b(?<!(?:no|consumer|public|investor|business|vote of) )confiden(?:t(?:ly)?|ce(?! (?:in|votes?|intervals?|limits?|levels? of)\b))\b/i;
const otherDegree =
  '(?:medium|strong|weak|great(?:er)?|full|total|limited|fair|good|reasonable|considerable|complete|absolute|(?:very|quite|fairly|extremely) (?:high|low))';
const otherConfidence = new RegExp(
  `\\b(?:${otherDegree} confidence(?! in\\b)|confidence (?:(?:is|was|remains|stays) )?${otherDegree})\\b`,
  'i',
);

const anyOffScale = new RegExp(`${otherLikelihood.source}|${otherConfidence.source}`, 'i');

const mendLikelihood = 'Use a word of ICD 203: very unlikely, unlikely, likely, very likely.';
const mendConfidence = 'Confidence is high, moderate or low.';

/** What is said off the scale, each with how to mend it. */
function offScaleIn(text: string): { says: string; mend: string }[] {
  const term = otherConfidence.exec(text)?.[0];
  return [
    ...[...text.matchAll(otherLikelihood)].map(([word]) => ({
      says: `says "${word}", which is no likelihood of our scale.`,
      mend: mendLikelihood,
    })),
    ...(term === undefined ? [] : [{ says: `says "${term}".`, mend: mendConfidence }]),
  ];
}

/** Likelihood and confidence in their own words, and never in one sentence: in rows, on the page, and in brief.yaml. */
export function offScale(draft: Draft): Fault[] {
  const inRows = rowTexts(draft).flatMap(({ entry, field, text }) =>
    offScaleIn(text).map(({ says, mend }) => inRow(draft, { ...entry, field }, says, mend)),
  );
  const onThePage = pageTexts(draft, anyOffScale).flatMap(({ element, text }) =>
    offScaleIn(text).map(({ says, mend }) => onPage(element, `The page ${says}`, mend)),
  );
  const { file } = draft.brief.definition;
  const inSettings = settingTexts(draft.brief).flatMap(([field, text]) =>
    offScaleIn(text).map(({ says, mend }) => ({ file, field, problem: `It ${says}`, mend })),
  );
  return [...inRows, ...onThePage, ...inSettings, ...unsaidIn(draft), ...mixedIn(draft)];
}

/** A key judgment's likelihood is that of its text. */
function unsaidIn(draft: Draft): Fault[] {
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
          `says "${term}", which its likelihood does not.`,
          'Fill likelihood in with the word of the text.',
        ),
      );
  });
}

/** The number of a note ends the word that it stands at. */
const worded = ([{ text }, { parent, name }]: Piece['texts'][number]): string =>
  /^[\d,–]+$/.test(text) && (name === 'sup' || name === 'a' || parent?.name === 'sup') ? ' ' : text;

const anyLikelihood = new RegExp(`${likelihood.source}|${otherLikelihood.source}`, 'i');

function mixedIn({ pieces }: Draft): Fault[] {
  return pieces
    .filter(({ text, element }) => /confiden/i.test(text) && !methodFile.test(element.file))
    .flatMap(({ texts, element }) =>
      sentencesOf(texts.map(worded).join('').replaceAll(/\s+/g, ' '))
        .map((sentence) => sentence.replaceAll(quoted, ' '))
        .filter((sentence) => anyLikelihood.test(sentence) && confidence.test(sentence))
        .map((sentence) =>
          onPage(
            element,
            `Likelihood and confidence stand in one sentence: "${excerpt(sentence)}".`,
            'Make two sentences of it.',
          ),
        ),
    );
}
