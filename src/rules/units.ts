import {
  bodyOf,
  type Element,
  type HtmlTree,
  isElement,
  isText,
  isUnseen,
  type Text,
  textOf,
} from './html.ts';

/**
 * What a reader takes in as one piece: a paragraph, an item, a heading, or a whole table or figure. What is inside
 * another unit may leave its sources to that one.
 */
export interface Unit {
  readonly element: Element;
  /** Its own text, without that of units inside it. */
  readonly texts: readonly Text[];
  readonly text: string;
  readonly isHeading: boolean;
  /** No paragraph nor anything like it: text directly in a section. */
  readonly isLoose: boolean;
  /** The rows that it cites, or that the units around it do. */
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

/** The units below the page's body, in its order. */
export function unitsOf(tree: HtmlTree): Unit[] {
  const body = bodyOf(tree);
  const units: Unit[] = [];

  const read = (element: Element, around: ReadonlySet<string>, enclosed: boolean): void => {
    const texts: Text[] = [];
    const inside: Element[] = [];
    const whole = wholeNames.has(element.name);
    const own = new Set(around);
    /** All that belongs to this unit, and what begins a unit of its own. */
    const gather = (from: Element): void => {
      for (const child of from.children) {
        if (isText(child)) texts.push(child);
        else if (!isElement(child)) for (const id of child.cites) own.add(id);
        else if (isUnseen(child)) continue;
        else if (whole || !startsUnit(child)) {
          // Neither the number of a note nor the next cell goes on with the word before.
          if (child.name === 'sup' || startsUnit(child) || cellNames.has(child.name)) texts.push(gap(child));
          gather(child);
        } else inside.push(child);
      }
    };
    gather(element);
    const isUnit = unitNames.has(element.name);
    // Words in a section of its own are loose, unless an item or a cell is around the section.
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
const joined = (texts: readonly Text[]): string =>
  texts
    .map(({ text }) => text)
    .join('')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** A line, a cell or a label. */
export interface Piece {
  readonly text: string;
  readonly element: Element;
  /** What it is put together from, each with the element that it is in. */
  readonly texts: readonly (readonly [text: Text, within: Element])[];
}

/** The pieces of text as they are printed; what only the web page shows is left out. */
export function printedPieces(tree: HtmlTree): Piece[] {
  const body = bodyOf(tree);
  const pieces: Piece[] = [];
  let texts: (readonly [Text, Element])[] = [];
  const end = (element: Element): void => {
    const tidy = texts
      .map(([{ text }]) => text)
      .join('')
      .replaceAll(/\s+/g, ' ')
      .trim();
    if (tidy !== '') pieces.push({ text: tidy, element, texts });
    texts = [];
  };
  const walk = (element: Element): void => {
    // The rows behind a figure are on the page only, and the printed marking is in the margins.
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

/** The headings in order, as bookmarks should read. */
export const headingsOf = ({ elements }: HtmlTree): string[] =>
  elements.filter(({ name }) => /^h[1-6]$/.test(name)).map(textOf);

/** What each link of the page leads to, by the id that it names: an endnote, or where an endnote is cited first. */
export function linkTexts({ elements }: HtmlTree): { [destination: string]: string } {
  const texts: { [destination: string]: string } = {};
  for (const element of elements) {
    const { href } = element.attributes;
    if (element.name !== 'a' || !href?.startsWith('#')) continue;
    const [id, text] = [href.slice(1), textOf(element)];
    texts[id] = id.startsWith('note-')
      ? `Endnote ${text}`
      : id.startsWith('cite-')
        ? `Where it is cited first: ${text}`
        : text;
  }
  return texts;
}
