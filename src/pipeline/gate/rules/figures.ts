import type { SourceFile } from '../../../model/brief.ts';
import type { RowOf } from '../../../model/dataset.ts';
import type { Fault } from '../../../model/fault.ts';
import type { Value } from '../../../model/row.ts';
import { typedFigures } from '../../../model/typed-figures.ts';
import { spelled } from '../../../model/wording.ts';
import { excerpt, onPage, type Draft } from '../draft.ts';
import { isElement, textOf, type Element } from '../html-tree.ts';
import type { Unit } from '../page-units.ts';
import type { Illustration } from '../../illustrate.ts';

/** The method explains scales whose figures are conventions, and the head holds the page's own measures. */
const furniture = /(?:^|\/)_shared\/partials\/(?:method|head)\.hbs$/;

/** Figures belong in the data: a template that types one cannot follow when the data change. */
export const typedIn = ({ brief }: Pick<Draft, 'brief'>): Fault[] =>
  [brief.template, ...Object.values(brief.partials)].flatMap(typedInTemplate);

/** A template is read once, and not for each edition. */
const checked = new WeakMap<SourceFile, Fault[]>();

function typedInTemplate(source: SourceFile): Fault[] {
  const faults = checked.get(source) ?? findTyped(source);
  checked.set(source, faults);
  return faults;
}

function findTyped({ file, text }: SourceFile): Fault[] {
  if (furniture.test(file)) return [];
  const blank = (match: string) => match.replaceAll(/[^\n]/g, ' ');
  const prose = text
    .replaceAll(/\{\{!--[\s\S]*?--\}\}/g, blank)
    // What is handed to a partial by name is printed there.
    .replaceAll(/\{\{[^}]*\}\}/g, (call) => keep(call, /=\s*["']([^"']*)["']/g))
    // Of a style sheet and of a tag only what readers see or hear is text.
    .replaceAll(/<style\b[^>]*>[\s\S]*?<\/style>/g, (sheet) => keep(sheet, /content\s*:\s*([^;}]*)/g))
    .replaceAll(/<[^>]*>/g, (tag) => keep(tag, /\s(?:alt|title|aria-[a-z]+)="([^"]*)"/g))
    .replaceAll(/&#?\w+;/g, blank);
  return prose.split('\n').flatMap((line, index) =>
    typedFigures(line).map((figure) => ({
      file,
      line: index + 1,
      problem: `The figure "${figure}" is typed into a template.`,
      mend: 'Put it into the row that states it, and print the row.',
    })),
  );
}

/** Blanks out all but the first group of each match, line by line. */
function keep(text: string, pattern: RegExp): string {
  const kept = [...text.matchAll(pattern)].map((match) => {
    const [whole, group = ''] = match;
    const start = match.index + whole.lastIndexOf(group);
    return [start, start + group.length] as const;
  });
  return text
    .split('')
    .map((character, index) =>
      character === '\n' || kept.some(([start, end]) => index >= start && index < end) ? character : ' ',
    )
    .join('');
}

const months =
  'January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec';

/** A figure that is only a lower bound stands with its bound, in texts, in labels and in the rows behind a chart. */
export function bareBounds(draft: Draft): Fault[] {
  const { known, units, charts, asked } = draft;
  /** Whether a unit cites a row, or prints from a query that returned it. */
  const tells = ({ cites, texts }: Unit, id: string): boolean =>
    cites.has(id) ||
    texts.some(
      ({ row }) => row && (row.ids.includes(id) || asked[row.from]?.some((each) => namesRow(each, id))),
    );
  const bounded = known.measures.filter(({ bound }) => bound === '>=');
  return bounded.flatMap((measure) => {
    const bare = barePattern(measure);
    const mend = `Print it as "at least ${measure.value}", by {${measure.id}.value}.`;
    const inUnits = units
      .filter((unit) => unit.element.name !== 'figure' && tells(unit, measure.id))
      .flatMap(({ element, text }) => {
        const found = bare.exec(element.name === 'table' ? countsIn(element) : text)?.[0];
        return found === undefined
          ? []
          : [
              onPage(
                element,
                `"${excerpt(found)}" prints ${measure.id}, a lower bound, as an exact figure.`,
                mend,
              ),
            ];
      });
    const inCharts = charts
      .filter(({ rows }) => rows.some((row) => namesRow(row, measure.id)))
      .flatMap((chart) => inChart(chart, measure, bare));
    return [...inUnits, ...inCharts];
  });

  function inChart(chart: Illustration, measure: RowOf<'measures'>, bare: RegExp): Fault[] {
    const file = draft.brief.charts[chart.name]?.source.file ?? '';
    const labels = chart.scene.texts
      .filter(({ role, text }) => role === 'mark' && bare.test(text))
      .map(({ text }) => ({
        file,
        problem: `The label "${text}" prints ${measure.id}, a lower bound, as an exact figure.`,
        mend: 'Let the query make the label, with bound_words(bound).',
      }));
    const rows = chart.rows
      .filter((row) => namesRow(row, measure.id) && Object.values(row).includes(measure.value))
      .filter(
        (row) => !Object.values(row).some((value) => typeof value === 'string' && boundWords.test(value)),
      )
      .map(() => ({
        file: draft.brief.definition.file,
        field: `charts.${chart.name}.rows`,
        problem: `The rows behind the chart hold the value of ${measure.id} without its bound.`,
        mend: 'Let the query return the bound, or a label with it.',
      }));
    return [...labels, ...rows];
  }
}

/** The cells of a table but for columns of days and the like: a number of days may happen to be that of claims. */
function countsIn(table: Element): string {
  const rows = childrenOf(table).flatMap((part) => (part.name === 'tr' ? [part] : childrenOf(part)));
  const heads = childrenOf(rows[0]).map(textOf);
  return rows
    .flatMap((row) =>
      childrenOf(row).map((cell, column) => (ofTime.test(heads[column] ?? '') ? '' : textOf(cell))),
    )
    .join(' | ');
}
const ofTime = /\b(?:days?|weeks?|months?|years?|dates?)\b/i;
const childrenOf = (element: Element | undefined): Element[] => element?.children.filter(isElement) ?? [];

const boundWords = /at least|≥|>=|no fewer than|more than/i;

function barePattern({ value, unit }: RowOf<'measures'>): RegExp {
  const words = [value.toLocaleString('en-GB'), String(value), spelled(value)].map((each) =>
    each.replaceAll('.', '\\.'),
  );
  const number = `(?:${[...new Set(words)].join('|')})`;
  const before = `(?<!(?:at least|no fewer than|more than|≥|>=)\\s*)(?<![\\p{L}\\p{N}.,–-])`;
  // A day of the month is none of it; a share is one only with its sign.
  const after = unit === '%' ? '\\s*(?:%|per cent)' : `(?![\\p{L}\\p{N}]|[.,]\\d|\\s(?:${months})\\b)`;
  return new RegExp(`${before}${number}${after}`, 'iu');
}

const namesRow = (row: { readonly [column: string]: Value }, id: string): boolean =>
  Object.values(row).some((value) => value === id || (Array.isArray(value) && value.includes(id)));
