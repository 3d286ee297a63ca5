import { figuresOf } from '../dataset/figures.ts';
import type { TableRow } from '../dataset/references.ts';
import type { TableName } from '../dataset/schema.ts';
import type { Fault } from '../errors.ts';
import { evidenceOf } from '../render/citations.ts';
import { type Draft, excerpt, inRow, onPage } from './draft.ts';
import { type Element, isElement, isText, type Node, type Text, textOf } from './html.ts';
import { isOfRegister } from './query-rows.ts';
import type { Unit } from './units.ts';

/** A heading names what follows: it is short, and no sentence. */
const longestHeading = 8;
const isStatement = (text: string): boolean => text.split(' ').length > longestHeading || /[.!?]$/.test(text);

/**
 * Furniture is told by who wrote it and not by what it calls itself: text may go without a source only where a shared
 * partial typed it, and only where no text of a row is among it, and no value of a query but names. What a brief's own
 * template writes must cite, but for short headings.
 */
export function uncited({ brief, dataset, units, rows }: Draft): Fault[] {
  const shared = new Set(Object.values(brief.partials).map(({ file }) => file));
  return units.flatMap((unit): Fault[] => {
    const { element, texts, text, isHeading, isLoose, cites } = unit;
    const worded = texts.filter((each) => /[\p{L}\p{N}]/u.test(each.text));
    if (worded.length === 0) return [];
    const says = worded.some(({ says: ids }) => ids.length > 0);
    // What a query gives is typed by no shared partial, whichever prints it.
    const typed = worded.some((each) =>
      each.row ? !isOfRegister(each, rows, dataset) : each.says.length === 0 && !shared.has(each.file),
    );
    if (isHeading) {
      return typed && isStatement(text)
        ? [
            onPage(
              element,
              `The heading "${excerpt(text)}" makes a statement.`,
              `Shorten it to ${longestHeading} words, or print a row.`,
            ),
          ]
        : [];
    }
    if (isLoose && typed)
      return [
        onPage(
          element,
          `"${excerpt(text)}" stands outside of any paragraph.`,
          'Put it into a <p>, and cite.',
        ),
      ];
    if (cites.size > 0 || !(says || typed) || isEmptyTable(unit)) return [];
    // A drawing that cites nothing is one fault, of the rule below.
    const isDrawing = element.name === 'figure' && elementsIn(element).some(({ name }) => name === 'svg');
    if (isDrawing && !brief.config.waive.some(({ rule }) => rule === 'charts-cite')) return [];
    const what =
      element.name === 'figure' ? 'A figure' : element.name === 'table' ? 'A table' : 'A paragraph';
    return [onPage(element, `${what} cites no row: "${excerpt(text)}".`, howToCite(element))];
  });
}

const howToCite = ({ name }: Unit['element']): string =>
  name === 'table'
    ? 'Cite in each row what it rests on, as <td>{{title}}{{cite id}}</td>.'
    : 'Cite what it rests on: {{cite id}}. Where there is nothing to report, use {{> no-reporting}}.';

/** Whether a table has a head of short names and no rows: it makes no statement. */
function isEmptyTable({ element, texts }: Unit): boolean {
  if (element.name !== 'table' || texts.some(({ says, row }) => says.length > 0 || row)) return false;
  const isEmpty = (part: Node): boolean => {
    if (isText(part)) return !/[\p{L}\p{N}]/u.test(part.text);
    if (!isElement(part)) return true;
    return part.name === 'th' && part.parent?.parent?.name === 'thead'
      ? !isStatement(textOf(part))
      : part.children.every(isEmpty);
  };
  return element.children.every(isEmpty);
}

const elementsIn = (element: Element): Element[] =>
  element.children.flatMap((child) => ('name' in child ? [child, ...elementsIn(child)] : []));

const registers: ReadonlySet<TableName> = new Set(['actors', 'places', 'sources', 'coverage']);

/** Texts of rows stand with the rows that they rest on. A heading may leave them to the page below it. */
export function unfounded(draft: Draft): Fault[] {
  const { units, rows, findings } = draft;
  const everywhere = new Set(units.flatMap(({ cites }) => [...cites]));
  return units.flatMap((unit) => {
    const told = new Set(
      unit.texts.flatMap(({ says, row }) => [...says, ...(row ? [row.own ?? row.from] : [])]),
    );
    return [...told].flatMap((id) => missingBasis(id, unit));
  });

  function missingBasis(id: string, { element, isHeading, cites }: Unit): Fault[] {
    const known = isHeading ? everywhere : cites;
    const entry = rows.get(id);
    const find = (each: string) => {
      const found = rows.get(each);
      if (found === undefined) throw new Error(`${each} is not known.`);
      return found;
    };
    const finding = Object.hasOwn(findings, id) ? findings[id] : undefined;
    if (entry === undefined && finding === undefined) return [];
    // Who somebody is rests on no report: it stands in a register of the dataset.
    if (entry && registers.has(entry.table)) return [];
    const basis = entry
      ? evidenceOf(id, find)
      : (finding?.restsOn ?? []).flatMap((each) => evidenceOf(each, find));
    if (entry && basis.length === 0)
      return [inRow(draft, entry, 'names no row that it rests on.', 'Fill in rests_on, or author.')];
    const lacking = [...new Set(basis)].filter((each) => !known.has(each));
    if (lacking.length === 0) return [];
    return [
      onPage(
        element,
        `${entry ? `The text of "${id}"` : `A figure of the finding "${id}"`} stands without ${lacking.join(', ')}, on which it rests.`,
        entry
          ? 'Cite the row beside its text: {{cite rests_on}}, {{cite id}}.'
          : 'Cite the rows of the finding beside it.',
      ),
    ];
  }
}

/** A text that is printed as a row's is the row's own: a query may choose texts, and not make them up. */
export function madeUp(draft: Draft): Fault[] {
  const { units, rows, findings } = draft;
  return units.flatMap(({ element, texts }) =>
    saidTexts(texts).flatMap(({ id, text }) => {
      if (Object.hasOwn(findings, id)) return [];
      const entry = rows.get(id);
      if (entry && isOwnText(text, entry)) return [];
      const whose = entry ? `printed as that of "${id}", and is not` : 'of no row that is known';
      return [
        onPage(
          element,
          `The text "${excerpt(text)}" is ${whose}.`,
          'Let the query return id and text of one row.',
        ),
      ];
    }),
  );
}

/** Each text of a row, put together again where a name within it is set apart. */
function saidTexts(texts: readonly Text[]): { id: string; text: string }[] {
  const said: { id: string; text: string }[] = [];
  let last: string | undefined;
  for (const {
    text,
    says: [id],
  } of texts) {
    if (id !== undefined && id === last) (said.at(-1) ?? { text: '' }).text += text;
    else if (id !== undefined) said.push({ id, text });
    last = id;
  }
  return said;
}

function isOwnText(text: string, entry: TableRow): boolean {
  const wanted = plain(text);
  const texts = Object.values(entry.row).filter((value) => typeof value === 'string');
  return texts.some((own) => isFilled(own, wanted)) || Object.values(figuresOf(entry)).includes(wanted);
}

/**
 * Whether `text` is a row's own with something in the place of each placeholder: what stands between them is looked for
 * from left to right, since a pattern made of a long text is none that an engine takes, or one that it never ends with.
 */
function isFilled(own: string, text: string): boolean {
  const [first = '', ...others] = plain(own).split(/\{[\w.-]+\}/);
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let end = first.length;
  for (const part of others) {
    const start = text.indexOf(part, end + 1);
    if (start === -1) return false;
    end = start + part.length;
  }
  return text.endsWith(last) && text.length - last.length > end;
}
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

/**
 * Nothing on the page became known after the cut-off: looked up in the dataset itself, whatever a query made of it. A
 * source that only carried an earlier one is the exception: the chain of sources is shown whole.
 */
export function unknownRows({ dataset, toldUntil, used, units, rows, known }: Draft): Fault[] {
  const carriers = new Set(known.sources.map(({ via }) => via));
  const ids = new Set([...used, ...units.flatMap(({ cites }) => [...cites])]);
  return [...ids].flatMap((id) => {
    const entry = rows.get(id);
    const isInTime = entry && (entry.row.known_on <= toldUntil || carriers.has(id));
    if (isInTime && entry.row.status === 'current') return [];
    return [
      {
        file: dataset.folder,
        problem: `The page rests on "${id}", which is not known by ${toldUntil}.`,
        mend: 'Let the template depend on a query that returns the row once it is known.',
      },
    ];
  });
}
