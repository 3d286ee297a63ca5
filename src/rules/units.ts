import type { Locale } from '../locale.ts';
import {
  bodyOf,
  type Element,
  type HtmlTree,
  isElement,
  isText,
  isUnseen,
  type Text,
  textOf,
  tidy,
} from './html.ts';

/**
 * What a reader takes in as one piece: a paragraph, an item, a heading, or a whole table or figure. A unit inside
 * another unit may rely on the outer unit's citations.
 */
export interface Unit {
  readonly element: Element;
  /** The unit's own text, without that of units inside it. */
  readonly texts: readonly Text[];
  readonly text: string;
  readonly isHeading: boolean;
  /** Text directly in a section, outside any paragraph or similar element. */
  readonly isLoose: boolean;
  /** The rows that the unit, or a unit around it, cites. */
  readonly cites: ReadonlySet<string>;
}

const wholeNames = new Set(['table', 'figure']);
const unitNames = new Set([
  ...wholeNames,
  ...'p li dt dd blockquote pre address h1 h2 h3 h4 h5 h6'.split(' '),
]);
const containerNames = new Set(
  'body main div section aside header footer article nav ul ol dl details form'.split(' '),
);

/** The units of the page's body, in page order. */
export function unitsOf(tree: HtmlTree): Unit[] {
  const body = bodyOf(tree);
  const units: Unit[] = [];

  const read = (element: Element, around: ReadonlySet<string>, enclosed: boolean): void => {
    const texts: Text[] = [];
    const inside: Element[] = [];
    const whole = wholeNames.has(element.name);
    const own = new Set(around);
    /** Collects the content of this unit, and the elements that start a unit of their own. */
    const gather = (from: Element): void => {
      for (const child of from.children) {
        if (isText(child)) texts.push(child);
        else if (!isElement(child)) for (const id of child.cites) own.add(id);
        else if (isUnseen(child)) continue;
        else if (whole || !startsUnit(child)) {
          // A note's number or a new cell ends the preceding word.
          if (child.name === 'sup' || startsUnit(child) || cellNames.has(child.name)) texts.push(gap(child));
          gather(child);
        } else inside.push(child);
      }
    };
    gather(element);
    const isUnit = unitNames.has(element.name);
    // Text directly in a section is loose, unless an item or a cell encloses the section.
    const isLoose = !isUnit && !enclosed;
    const text = joined(texts);
    if (text !== '') {
      const isHeading = /^h[1-6]$/.test(element.name);
      units.push({ element, texts, text, isHeading, isLoose, cites: own });
    }
    const cited = isUnit || enclosed ? own : around;
    for (const child of inside) read(child, cited, enclosed || isUnit);
  };
  read(body, new Set(), false);
  return units;
}

const cellNames = new Set(['td', 'th', 'tr', 'br', 'text', 'figcaption', 'caption', 'summary']);
const gap = ({ file }: Element): Text => ({ text: ' ', file, says: [] });
const startsUnit = ({ name }: Element): boolean => unitNames.has(name) || containerNames.has(name);
const joined = (texts: readonly Text[]): string => tidy(texts.map(({ text }) => text).join(''));

/** A line, a cell or a label. */
export interface Piece {
  readonly text: string;
  readonly element: Element;
  /** The texts that make up the piece, each with its element. */
  readonly texts: readonly (readonly [text: Text, within: Element])[];
}

/** The pieces of text as printed, without parts that only the web page shows. */
export function printedPieces(tree: HtmlTree): Piece[] {
  const body = bodyOf(tree);
  const pieces: Piece[] = [];
  let texts: (readonly [Text, Element])[] = [];
  const end = (element: Element): void => {
    const text = joined(texts.map(([part]) => part));
    if (text !== '') pieces.push({ text, element, texts });
    texts = [];
  };
  const walk = (element: Element): void => {
    // The rows behind a figure appear only on the web page, and the printed marking is in the margins.
    if (isUnseen(element) || element.name === 'details' || element.attributes['class'] === 'screen-marking')
      return;
    const breaks = !inlineNames.has(element.name);
    if (breaks && element.parent) end(element.parent);
    for (const child of element.children) {
      if (isText(child)) texts.push([child, element]);
      else if (isElement(child)) walk(child);
    }
    if (breaks) end(element);
  };
  walk(body);
  return pieces;
}
const inlineNames = new Set(
  'a abbr b bdi bdo cite code em i kbd mark q s small span strong sub sup tspan u var wbr'.split(' '),
);

/** The headings in page order, as the bookmarks should read. */
export const headingsOf = ({ elements }: HtmlTree): string[] =>
  elements.filter(({ name }) => /^h[1-6]$/.test(name)).map(textOf);

/** Describes the target of each link by the target's id: an endnote, or the place where an endnote is first cited. */
export function linkTexts({ elements }: HtmlTree, locale: Locale): { [destination: string]: string } {
  const texts: { [destination: string]: string } = {};
  for (const element of elements) {
    const { href } = element.attributes;
    if (element.name !== 'a' || !href?.startsWith('#')) continue;
    const [id, text] = [href.slice(1), textOf(element)];
    texts[id] = id.startsWith('note-')
      ? locale.text('page.endnotes.link', { number: text })
      : id.startsWith('cite-')
        ? locale.text('page.endnotes.link_back', { number: text })
        : text;
  }
  return texts;
}
