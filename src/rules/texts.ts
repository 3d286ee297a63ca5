import type { TableRow } from '../dataset/references.ts';
import { quoted } from '../errors.ts';
import type { Brief } from '../project/brief.ts';
import type { Draft } from './draft.ts';
import type { Element } from './html.ts';
import { besideSourceNames } from './source-names.ts';

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

export interface RowText {
  readonly entry: TableRow;
  readonly field: string;
  /** Without what it quotes, whose words are not ours. */
  readonly text: string;
  readonly whole: string;
}

/** The texts of the rows that the page shows. */
export function rowTexts({ used, rows }: Pick<Draft, 'used' | 'rows'>): RowText[] {
  return used.flatMap((id) => {
    const entry = rows.get(id);
    if (entry === undefined) return [];
    return printed.flatMap((field) => {
      const value: unknown = Reflect.get(entry.row, field);
      return typeof value === 'string'
        ? [{ entry, field, text: value.replaceAll(quoted, ' '), whole: value }]
        : [];
    });
  });
}

/** How a brief is made is told there, and its words are explained. */
export const methodFile = /(?:^|\/)_shared\/partials\/method\.hbs$/;

interface PageText {
  readonly element: Element;
  /** Without what it quotes. */
  readonly text: string;
}

/** Said of an element to those who do not see it. */
const readOut = ['alt', 'title', 'aria-label', 'aria-description'];

/**
 * What the page says by itself, unit by unit, and what it reads out: all but the method, the texts of rows, which stand
 * for themselves, names of sources that rows print, and names that are told as other names of somebody. Only what holds
 * a `suspect` word is looked at closely.
 */
export function pageTexts(draft: Draft, suspect: RegExp): PageText[] {
  const { units, tree, known, used, rows } = draft;
  const beside = besideSourceNames(draft);
  const alsoNamed = known.actors.flatMap(({ aliases }) => (aliases.length > 0 ? [aliases.join(', ')] : []));
  const ofRows = [...new Set(rowTexts({ used, rows }).map(({ whole }) => whole))];
  const own = (text: string): string => {
    const rest = ofRows.reduce((left, row) => left.replaceAll(row, ' '), text);
    return alsoNamed
      .reduce(
        (left, names) => left.replaceAll(new RegExp(`\\balso (?:named )?${escaped(names)}`, 'gi'), ' '),
        rest,
      )
      .replaceAll(quoted, ' ');
  };
  const inUnits = units
    .filter(({ text }) => suspect.test(text))
    .map(({ element, texts }) => ({
      element,
      text: texts
        .map((text) => (text.says.length > 0 ? ' ' : beside(text)))
        .join('')
        .replaceAll(/\s+/g, ' '),
    }));
  const inAttributes = tree.elements.flatMap((element) =>
    // A drawing's are its caption and what brief.yaml says of it.
    element.name === 'svg'
      ? []
      : readOut.flatMap((name) => {
          const text = element.attributes[name];
          return text === undefined ? [] : [{ element, text }];
        }),
  );
  return [...inUnits, ...inAttributes]
    .filter(({ element, text }) => suspect.test(text) && !methodFile.test(element.file))
    .map(({ element, text }) => ({ element, text: own(text) }));
}

/** What `brief.yaml` types for the page and the PDF, by its field. */
export const settingTexts = ({
  config: { title, subject, charts },
}: Brief): (readonly [field: string, text: string])[] =>
  Object.entries({
    title,
    subject,
    ...Object.fromEntries(
      Object.entries(charts).flatMap(([chart, each]) =>
        (['title', 'alt', 'note'] as const).map((key) => [`charts.${chart}.${key}`, each[key] ?? '']),
      ),
    ),
  }).map(([field, text]) => [field, text.replaceAll(quoted, ' ')]);

export const escaped = (word: string): string => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
