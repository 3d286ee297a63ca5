import type { Value } from '../dataset/parse-rows.ts';
import type { RowOf } from '../dataset/schema.ts';
import type { Fault } from '../errors.ts';
import type { Brief, SourceFile } from '../project/brief.ts';
import { located } from '../project/source-files.ts';
import { type Draft, excerpt, inRow, onPage } from './draft.ts';
import { type Element, isElement, textOf } from './html.ts';
import { chartTexts, methodFile, rowTexts } from './texts.ts';
import type { Unit } from './units.ts';
import { typedFigures, type Words, wordsFor } from './words.ts';

/**
 * A figure that is only a lower bound is printed with its bound: in texts, in labels and in the rows behind a chart.
 */
export function* bareBounds(draft: Draft): Generator<Fault> {
  const { known, units, charts, asked, brief } = draft;
  const words = wordsFor(draft);
  if (words === undefined) return;
  const bound = boundOf(words);
  /** Whether a unit cites a row, or prints from a query that returned it. */
  const tells = ({ cites, texts }: Unit, id: string): boolean =>
    cites.has(id) ||
    texts.some(
      ({ row }) => row && (row.ids.includes(id) || asked[row.from]?.some((each) => namesRow(each, id))),
    );
  for (const measure of known.measures.filter((each) => each.bound === '>=')) {
    const { id, value } = measure;
    const bare = barePattern(measure, { words, locale: brief.locale });
    for (const unit of units) {
      const { element, text } = unit;
      if (element.name === 'figure' || !tells(unit, id)) continue;
      const [found] = bare.exec(element.name === 'table' ? countsIn(element, words) : text) ?? [];
      if (found !== undefined)
        yield onPage(
          element,
          `"${excerpt(found)}" prints ${id}, a lower bound, as an exact figure.`,
          `Print it as "at least ${value}", with {${id}.value}.`,
        );
    }
    for (const { name, rows, scene } of charts) {
      const named = rows.filter((row) => namesRow(row, id));
      if (named.length === 0) continue;
      for (const { role, text } of scene.texts)
        if (role === 'mark' && bare.test(text))
          yield {
            file: brief.charts[name]?.source.file ?? '',
            problem: `The label "${text}" prints ${id}, a lower bound, as an exact figure.`,
            hint: 'Build the label in the query with bound_words(bound).',
          };
      for (const cells of named.map((row) => Object.values(row)))
        if (cells.includes(value) && !cells.some((cell) => typeof cell === 'string' && bound.test(cell)))
          yield {
            file: brief.definition.file,
            field: `charts.${name}.rows`,
            problem: `The rows behind the chart have the value of ${id} without its bound.`,
            hint: 'Make the query return the bound, or a label that includes it.',
          };
    }
  }
}

/**
 * The cells of a table, except columns of days and similar: a number of days may happen to equal the number of claims.
 */
function countsIn(table: Element, { time }: Words): string {
  const rows = childrenOf(table).flatMap((part) => (part.name === 'tr' ? [part] : childrenOf(part)));
  const heads = childrenOf(rows[0]).map(textOf);
  return rows
    .flatMap((row) =>
      childrenOf(row).map((cell, column) => (time.test(heads[column] ?? '') ? '' : textOf(cell))),
    )
    .join(' | ');
}
const childrenOf = (element: Element | undefined): Element[] => element?.children.filter(isElement) ?? [];

const boundOf = ({ bounds }: Words): RegExp => new RegExp(['≥', '>=', ...bounds].join('|'), 'i');

function barePattern(
  { value, unit }: RowOf<'measures'>,
  { words, locale }: { words: Words; locale: Brief['locale'] },
): RegExp {
  const written = new Set([locale.number(value), String(value), words.numbers[value] ?? []].flat());
  const number = `(?:${[...written].map((each) => each.replaceAll('.', '\\.')).join('|')})`;
  const before = `(?<!(?:${boundOf(words).source})\\s*)(?<![\\p{L}\\p{N}.,–-])`;
  // A day of the month is not a figure; a percentage is one only with its sign.
  const after =
    unit === '%' ? `\\s*${words.percent}` : `(?![\\p{L}\\p{N}]|[.,]\\d|\\s(?:${words.months.join('|')})\\b)`;
  return new RegExp(`${before}${number}${after}`, 'iu');
}

const namesRow = (row: { readonly [column: string]: Value }, id: string): boolean =>
  Object.values(row).some((value) => value === id || (Array.isArray(value) && value.includes(id)));

/** Tables of the authors' own statements, whose figures must come from the rows that state them. */
const ours = new Set(['judgments', 'gaps', 'indicators']);

/**
 * Figures belong in the data: a figure typed in a template or in the authors' own statement does not change with the
 * data.
 */
export function* typedInRows(draft: Draft): Generator<Fault> {
  for (const { entry, field, text } of rowTexts(draft)) {
    const figures = ours.has(entry.table) ? typedFigures(text, wordsFor(draft)) : [];
    if (figures.length > 0)
      yield inRow(
        draft,
        { ...entry, field },
        `contains a typed figure: ${figures.map((figure) => `"${figure}"`).join(', ')}.`,
        'Use a placeholder for its field, such as {F07.value}, or reword the text without the figure.',
      );
  }
}

/** The same check for templates and for the chart texts in `brief.yaml`. */
export function* typedInTemplates(draft: Pick<Draft, 'brief' | 'language'>): Generator<Fault> {
  const { brief } = draft;
  const words = wordsFor(draft);
  for (const source of [brief.template, ...Object.values(brief.partials)])
    for (const { line, figure } of typedIn(source, words))
      yield {
        file: source.file,
        line,
        problem: `The figure "${figure}" is typed into a template.`,
        hint: 'Move it to the row that states it, and print that row.',
      };
  const inSettings = chartTexts(brief).flatMap(([field, text]) =>
    typedFigures(text, words).map((figure) => ({
      file: brief.definition.file,
      field,
      problem: `The figure "${figure}" is typed into the settings of a chart.`,
      hint: 'Remove it, or print the row that states it beside the chart.',
    })),
  );
  yield* located(inSettings, brief.definition);
}

/** The attributes whose values are shown or read out. */
const shown =
  /\s(?:alt|title|aria-label|aria-description|start|value)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/gi;
const unread = /\{\{!--[\s\S]*?--\}\}|\{\{![^}]*\}\}|<(style|script)\b[\s\S]*?<\/\1>|&#?\w+;/gi;

type Typed = readonly { readonly line: number; readonly figure: string }[];
/** Each file is read once per word list, not once per edition. */
const read = new WeakMap<SourceFile, { readonly words: Words | undefined; readonly typed: Typed }>();

function typedIn(source: SourceFile, words: Words | undefined): Typed {
  // The method explains scales whose figures are conventions.
  if (methodFile.test(source.file)) return [];
  const known = read.get(source);
  if (known && known.words === words) return known.typed;
  const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ');
  const printed = source.text
    .replaceAll(unread, blank)
    .replaceAll(/\{\{[^}]*\}\}/g, (call) => sameLines(call, printedLiterals(call)))
    .replaceAll(/<[a-z/!](?:"[^"]*"|'[^']*'|[^>"'])*>/gi, (tag) =>
      sameLines(
        tag,
        [...tag.matchAll(shown)].map(([, double, single, bare]) => double ?? single ?? bare ?? '').join(' '),
      ),
    );
  const typed = printed
    .split('\n')
    .flatMap((text, index) =>
      [...new Set(typedFigures(text, words))].map((figure) => ({ line: index + 1, figure })),
    );
  read.set(source, { words, typed });
  return typed;
}

/** The part of a call or tag to read, padded to the same number of lines. */
const sameLines = (whole: string, part: string): string =>
  ` ${part.replaceAll('\n', ' ')} ${'\n'.repeat(whole.split('\n').length - 1)}`;

/** Literals that a call may print; literals that name rows, columns and figures are not printed. */
function printedLiterals(call: string): string {
  const named = /\b(?:cite|notes|show|figure|column|css-t|t)\b(?:\s+(?:"[^"]*"|'[^']*'|[\w.@/-]+))*/g;
  // The words of an image, apart from its text, say who made it and how it may be used.
  const ofImage = /^\{\{~?\s*image\b/.test(call)
    ? /(?:\bimage\s+|\b(?:credit|licence|cites)=)(?:"[^"]*"|'[^']*')/g
    : /(?!)/g;
  const rest = call.replaceAll(ofImage, ' ').replaceAll(named, ' ');
  return [...rest.matchAll(/"([^"]*)"|'([^']*)'|(?<![\w.@/[-])(\d+)/g)]
    .map(([, double, single, number]) => double ?? single ?? number ?? '')
    .join(' ');
}
