import {
  PDFArray,
  PDFDict,
  type PDFDocument,
  PDFHexString,
  PDFName,
  PDFNumber,
  type PDFObject,
  type PDFPage,
  PDFRawStream,
  PDFRef,
  PDFString,
} from '@cantoo/pdf-lib';
import { isRightToLeft } from '../locale.ts';
import { openStreams, type StreamReader, unreadableStream } from './streams.ts';

/** The text and structure of a PDF, as the inspection reads them. Pages count from 1. */
export type PdfContents = ReturnType<typeof readContents>;

/**
 * Reads a PDF that Chromium printed. Text comes from the pages' own streams in painting order; text in forms within
 * them (which Chromium paints through a mask) is not read. Throws `pdf-invalid` if the file unpacks to more than a
 * print can contain, and other errors if the file is damaged.
 */
export function readContents(document: PDFDocument) {
  const pages = document.getPages();
  const pageOf = pageFinder(document);
  const fonts = new Map<PDFDict, Map<number, string>>();
  const decode = openStreams();
  const read = pages.map((page, index) => readPage(page, { index, fonts, decode }));
  return {
    pages: read.map(({ page }) => page),
    /**
     * The pieces of tagged text in the order of the document's structure, which follows the printed page. Columns, floats
     * and cells that continue on the next page are painted in a different order. A line with letters that are written
     * from right to left consists of several parts, as they are painted from left to right; each is in reading order.
     */
    runs: runsOf(document, new Map(read.map(({ ref, tagged }) => [ref, tagged]))),
    ...readObjects(document),
    bookmarks: listBookmarks(document).map((bookmark) => ({
      title: textOf(bookmark.get(PDFName.of('Title'))) ?? '',
      page: pageOf(bookmark),
    })),
    links: pages.flatMap((page, index) =>
      linksOf(page).map((link) => ({ page: index + 1, to: destinationOf(link), landsOn: pageOf(link) })),
    ),
  };
}

/** The entries of the outline, each before its children. */
export function listBookmarks(document: PDFDocument): PDFDict[] {
  const found = new Set<PDFDict>();
  const addBelow = (parent: PDFDict | undefined): void => {
    let entry = parent?.lookupMaybe(PDFName.of('First'), PDFDict);
    // A malicious file may contain a cycle.
    while (entry !== undefined && !found.has(entry)) {
      found.add(entry);
      addBelow(entry);
      entry = entry.lookupMaybe(PDFName.of('Next'), PDFDict);
    }
  };
  addBelow(document.catalog.lookupMaybe(PDFName.of('Outlines'), PDFDict));
  return [...found];
}

export function linksOf(page: PDFPage): PDFDict[] {
  const annotations = page.node.Annots();
  return (annotations?.asArray() ?? []).flatMap((_, index) => {
    const annotation = annotations?.lookupMaybe(index, PDFDict);
    return annotation?.get(PDFName.of('Subtype')) === PDFName.of('Link') ? [annotation] : [];
  });
}

export function textOf(value: PDFObject | undefined): string | null {
  return value instanceof PDFString || value instanceof PDFHexString ? value.decodeText() : null;
}

/** The destination of a link, as written: a name, an address, or nothing. */
export function destinationOf(link: PDFDict): string {
  const target = link.get(PDFName.of('Dest'));
  if (target instanceof PDFName) return target.decodeText();
  const action = link.lookupMaybe(PDFName.of('A'), PDFDict);
  return textOf(target) ?? textOf(action?.get(PDFName.of('URI'))) ?? '';
}

function pageFinder(document: PDFDocument): (entry: PDFDict) => number | null {
  const numbers = new Map(document.getPages().map(({ ref }, index) => [ref, index + 1]));
  const named = document.catalog.lookupMaybe(PDFName.of('Dests'), PDFDict);
  return (entry) => {
    const given =
      entry.get(PDFName.of('Dest')) ?? entry.lookupMaybe(PDFName.of('A'), PDFDict)?.get(PDFName.of('D'));
    const resolved = given instanceof PDFName ? named?.lookup(given) : given;
    const explicit = resolved instanceof PDFRef ? entry.context.lookup(resolved) : resolved;
    const target = explicit instanceof PDFArray ? explicit.get(0) : undefined;
    return target instanceof PDFRef ? (numbers.get(target) ?? null) : null;
  };
}

function readObjects({ context }: PDFDocument) {
  const fonts = new Map<string, boolean>();
  const figures: (string | null)[] = [];
  for (const [, object] of context.enumerateIndirectObjects()) {
    if (!(object instanceof PDFDict)) continue;
    const type = object.get(PDFName.of('Type'));
    if (type === PDFName.of('StructElem') && object.get(PDFName.of('S')) === PDFName.of('Figure'))
      figures.push(textOf(object.get(PDFName.of('Alt'))));
    if (type !== PDFName.of('Font')) continue;
    const subtype = object.get(PDFName.of('Subtype'));
    // A Type 0 font refers to a font that is read here; a Type 3 font has no name and is not one of the bundled fonts.
    if (subtype === PDFName.of('Type0')) continue;
    const descriptor = object.lookupMaybe(PDFName.of('FontDescriptor'), PDFDict);
    const embedded = ['FontFile', 'FontFile2', 'FontFile3'].some((key) => descriptor?.has(PDFName.of(key)));
    const name = object.lookupMaybe(PDFName.of('BaseFont'), PDFName)?.decodeText() ?? 'Type 3';
    const short = name.replace(/^[A-Z]{6}\+/, '');
    fonts.set(short, embedded && (fonts.get(short) ?? true));
  }
  return {
    fonts: [...fonts].map(([name, embedded]) => ({ name, embedded })),
    /** The alternative text of each figure; null if it has none. */
    figures,
  };
}

/** Text that is painted in one go: one font, one direction. */
interface Part {
  text: string;
  /** The page, and the height of the baseline as written. */
  readonly line: string;
}

/** The text of marks that follow one another in one element of the structure. */
interface Run {
  readonly element: PDFObject | undefined;
  readonly marks: (readonly Part[])[];
}

/** The text of each mark in structure order, followed by the text that the structure does not name. */
function runsOf(
  document: PDFDocument,
  tagged: ReadonlyMap<PDFRef, Map<number, readonly Part[]>>,
): (readonly string[])[] {
  const runs: Run[] = [];
  const seen = new Set<PDFObject>();
  const walk = (
    entry: PDFObject | undefined,
    around: PDFObject | undefined,
    element: PDFObject | undefined,
  ): void => {
    const node = entry instanceof PDFRef ? document.context.lookup(entry) : entry;
    if (node instanceof PDFArray) for (const each of node.asArray()) walk(each, around, element);
    else if (node instanceof PDFNumber) {
      const marks = around instanceof PDFRef ? tagged.get(around) : undefined;
      const parts = marks?.get(node.asNumber());
      const last = runs.at(-1);
      if (parts !== undefined && last !== undefined && last.element === element) last.marks.push(parts);
      else if (parts !== undefined) runs.push({ element, marks: [parts] });
      marks?.delete(node.asNumber());
    } else if (node instanceof PDFDict && !seen.has(node)) {
      // A malicious file may contain a cycle.
      seen.add(node);
      const page = node.get(PDFName.of('Pg')) ?? around;
      const mark = node.get(PDFName.of('MCID'));
      walk(mark ?? node.get(PDFName.of('K')), page, mark === undefined ? node : element);
    }
  };
  walk(document.catalog.get(PDFName.of('StructTreeRoot')), undefined, undefined);
  const unnamed = [...tagged.values()].flatMap((marks) => [...marks.values()]);
  // In a document whose pages viewers turn from right to left, "1–7" is painted as "7", "–" and "1".
  const isReversed =
    document.catalog
      .lookupMaybe(PDFName.of('ViewerPreferences'), PDFDict)
      ?.lookupMaybe(PDFName.of('Direction'), PDFName)
      ?.decodeText() === 'R2L';
  /** The parts of each line, or of each mark if all is written from left to right. */
  const linesOf = (marks: readonly (readonly Part[])[]): (readonly string[])[] => {
    const textsOf = (parts: readonly Part[]): string[] => parts.map(({ text }) => text);
    if (!isReversed && !marks.some((parts) => parts.some(({ text }) => isRightToLeft(text))))
      return marks.map((parts) => [textsOf(parts).join('')]);
    const lines: Part[][] = [];
    for (const part of marks.flat()) {
      if (lines.at(-1)?.[0]?.line === part.line) lines.at(-1)?.push(part);
      else lines.push([part]);
    }
    return lines.map(textsOf);
  };
  return [...runs.flatMap(({ marks }) => linesOf(marks)), ...linesOf(unnamed)];
}

function readPage(
  page: PDFPage,
  { index, fonts, decode }: { index: number; fonts: Map<PDFDict, Map<number, string>>; decode: StreamReader },
) {
  const { width: widthPt, height: heightPt } = page.getSize();
  const dictionary = page.node.Resources()?.lookupMaybe(PDFName.of('Font'), PDFDict);
  const glyphsOf = (name: string): Map<number, string> => {
    const font = dictionary?.lookupMaybe(PDFName.of(name), PDFDict);
    if (font === undefined) return new Map();
    const glyphs = fonts.get(font) ?? readToUnicode(font, decode);
    fonts.set(font, glyphs);
    return glyphs;
  };
  /** The document's tagged text, without spaces between words. */
  let text = '';
  /** The text of the page's margins, which is untagged, in parts as they are painted. */
  const margins: string[] = [];
  /** How many empty boxes the page has: glyphs that no font supplies. */
  let boxes = 0;
  let glyphs = new Map<number, string>();
  /** The open marks: the number by which the document tags each, and the text that replaces its glyphs, if any. */
  const open: {
    readonly mark?: number | undefined;
    instead: string | null;
    readonly isReversed?: boolean;
  }[] = [];
  const tagged = new Map<number, Part[]>();
  const content = contentOf(page, decode);
  let line = '';
  /** The part of each mark, and of the margins, to which text is added. */
  let parts = new Map<number | undefined, Part>();
  const partOf = (of: number | undefined): Part => {
    const known = parts.get(of);
    if (known !== undefined) return known;
    const part = { text: '', line };
    parts.set(of, part);
    if (of !== undefined) tagged.set(of, [...(tagged.get(of) ?? []), part]);
    return part;
  };
  const endParts = (): void => {
    for (const [of, part] of parts) {
      if (of === undefined) margins.push(part.text);
      else text += part.text;
    }
    parts = new Map();
  };
  const show = (from: number, to: number): void => {
    // Added at the first glyph of the mark: where Chromium breaks a line before the glyphs, it leaves the replacement
    // text behind.
    const stood = open.findLast(({ instead }) => instead !== null);
    const isReversed = open.some((each) => each.isReversed);
    let shown = stood?.instead ?? '';
    if (stood !== undefined) stood.instead = '';
    for (let at = from; at + 4 <= to; at += 4) {
      const code = Number.parseInt(content.slice(at, at + 4), 16);
      if (code === 0) boxes += 1;
      else if (stood === undefined) {
        const glyph = glyphs.get(code) ?? '\ufffd';
        shown = isReversed ? glyph + shown : shown + glyph;
      }
    }
    const part = partOf(open.findLast(({ mark }) => mark !== undefined)?.mark);
    part.text = isReversed ? shown + part.text : part.text + shown;
  };
  // Only text operations are read; drawing operations are skipped.
  for (let at = 0; at < content.length; at += 1) {
    const character = content.charCodeAt(at);
    if (open.length > MOST_OPEN) throw unreadableStream('nests its text too deeply');
    if (character === less && content.charCodeAt(at + 1) !== less) {
      const end = content.indexOf('>', at);
      if (end === -1) break;
      show(at + 1, end);
      at = end;
    } else if (character === less) {
      const end = content.indexOf('BDC', at);
      if (end === -1) break;
      const properties = content.slice(at, end);
      const [, number] = /\/MCID\s+(\d+)/.exec(properties) ?? [];
      open.push({
        mark: number === undefined ? undefined : Number(number),
        instead: actualText(properties),
      });
      at = end + 2;
    } else if (character === slash) {
      fontSet.lastIndex = at;
      const [whole, font] = fontSet.exec(content) ?? [];
      if (font !== undefined) glyphs = glyphsOf(font);
      at += (whole?.length ?? 1) - 1;
    } else if (character === letterB && content.startsWith('BMC', at)) {
      open.push({ instead: null, isReversed: content.endsWith('/ReversedChars ', at) });
    } else if (character === letterB && content.startsWith('BT\n', at)) {
      endParts();
      // The height is the last of the six numbers of the matrix.
      const end = content.indexOf(' Tm', at);
      line = `${index} ${content.slice(content.lastIndexOf(' ', end - 1) + 1, end)}`;
    } else if (character === letterE && content.startsWith('EMC', at)) open.pop();
  }
  endParts();
  return { page: { widthPt, heightPt, text, margins, boxes }, ref: page.ref, tagged };
}

/** Chromium's marks are siblings, with few exceptions. */
const MOST_OPEN = 100;
const [less, slash, letterB, letterE] = [0x3c, 0x2f, 0x42, 0x45];
const fontSet = /\/(\w+) [\d.]+ Tf\b/y;

function actualText(properties: string): string | null {
  const found = /\/ActualText\s*(?:\(((?:[^()\\]|\\.)*)\)|<([0-9A-Fa-f]+)>)/.exec(properties);
  if (found === null) return null;
  const [, literal = '', hex] = found;
  return (hex === undefined ? PDFString.of(literal.trimEnd()) : PDFHexString.of(hex)).decodeText();
}

/** What paints a page. */
export function contentOf(page: PDFPage, decode: StreamReader): string {
  const contents = page.node.Contents();
  const streams =
    contents instanceof PDFArray ? contents.asArray().map((_, index) => contents.lookup(index)) : [contents];
  return streams.flatMap((stream) => (stream instanceof PDFRawStream ? [decode(stream)] : [])).join('\n');
}

/**
 * The letters and digits of a text in a form for comparison, which ignores line breaks, capitals and kinds of
 * apostrophe, because they depend on style. Capitals from a style turn `ß` into two letters and lose the difference
 * between the two small sigmas.
 */
export const lettersOf = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/[^\p{L}\p{N}%٪≥≤±]+/gu, '')
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ');

/** The highest two-byte code in which Chromium writes a glyph; a malicious range may have any end. */
const LAST_CODE = 0xffff;

/** The text of each glyph code, from the font's CMap (ISO 32000-2, 9.10.3). */
function readToUnicode(font: PDFDict, decode: StreamReader): Map<number, string> {
  const stream = font.lookup(PDFName.of('ToUnicode'));
  const glyphs = new Map<number, string>();
  if (!(stream instanceof PDFRawStream)) return glyphs;
  const map = decode(stream);
  const utf16 = (hex: string): string =>
    String.fromCharCode(...(hex.match(/.{4}/g) ?? []).map((unit) => Number.parseInt(unit, 16)));
  for (const body of blocksOf(map, 'bfchar'))
    for (const [, code = '', text = ''] of body.matchAll(/<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>/g))
      glyphs.set(Number.parseInt(code, 16), utf16(text));
  for (const body of blocksOf(map, 'bfrange'))
    for (const [, first = '', last = '', text = ''] of body.matchAll(
      /<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>/g,
    )) {
      const [from, to, start] = [first, last, text].map((hex) => Number.parseInt(hex, 16));
      for (let code = from ?? 0; code <= Math.min(to ?? -1, LAST_CODE); code += 1)
        glyphs.set(code, String.fromCodePoint((start ?? 0) + code - (from ?? 0)));
    }
  return glyphs;
}

/**
 * The content between the words that begin and end a kind of block. Not a regular expression, which would search on if
 * the end is missing.
 */
function blocksOf(map: string, kind: 'bfchar' | 'bfrange'): string[] {
  return map
    .split(`end${kind}`)
    .slice(0, -1)
    .map((text) => text.slice(text.lastIndexOf(`begin${kind}`)));
}
