import type { Value } from '../dataset/parse-rows.ts';
import type { RowOf } from '../dataset/schema.ts';
import { spelled } from '../dataset/wording.ts';
import type { Fault } from '../errors.ts';
import type { Illustration } from '../render/illustrate.ts';
import { type Draft, excerpt, onPage } from './draft.ts';
import { type Element, isElement, textOf } from './html.ts';
import type { Unit } from './units.ts';

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
