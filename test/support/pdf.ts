import { PDFDict, PDFDocument, PDFName } from '@cantoo/pdf-lib';
import { getDocument, type PDFDocumentProxy, VerbosityLevel } from 'pdfjs-dist/legacy/build/pdf.mjs';

/** What a reader of a PDF, or a program that reads it aloud, finds in it. Pages count from 1. */
export interface ReadPdf {
  /** The text of each page. */
  pages: string[];
  sizesPt: { width: number; height: number }[];
  title: string;
  author: string;
  subject: string;
  keywords: string;
  language: string | null;
  creationDate: string;
  tagged: boolean;
  outline: { title: string; level: number; page: number | null }[];
  headings: { level: number; text: string; page: number }[];
  fonts: { name: string; embedded: boolean }[];
  figures: { alt: string | null; page: number }[];
  /** Pieces of text in the order in which they are read aloud, drawings left out, with where they stand. */
  spoken: SpokenText[];
  /** The size of every piece of text, in points. */
  sizesOfText: { text: string; sizePt: number }[];
  internalLinks: { page: number; destination: string; landsOnPage: number | null }[];
  externalLinks: string[];
}

/** In points from the page's lower left corner. */
interface SpokenText {
  page: number;
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

type StructNode = NonNullable<Awaited<ReturnType<PageProxy['getStructTree']>>>;
type PageProxy = Awaited<ReturnType<PDFDocumentProxy['getPage']>>;

/** Reads a PDF whole. `headings` and `figures` come from its structure tree, as assistive software sees it. */
export async function readPdf(bytes: Uint8Array): Promise<ReadPdf> {
  // pdf.js takes possession of the bytes that it is given.
  const task = getDocument({ data: new Uint8Array(bytes), verbosity: VerbosityLevel.ERRORS });
  try {
    const document = await task.promise;
    const { info } = await document.getMetadata();
    // A Map, against the type of pdf.js.
    const marks: unknown = await document.getMarkInfo();
    const text = (key: string): string => {
      const value: unknown = Reflect.get(info, key);
      return typeof value === 'string' ? value : '';
    };
    const read: ReadPdf = {
      pages: [],
      sizesPt: [],
      title: text('Title'),
      author: text('Author'),
      subject: text('Subject'),
      keywords: text('Keywords'),
      creationDate: text('CreationDate'),
      language: text('Language') || null,
      tagged: marks instanceof Map && marks.get('Marked') === true,
      outline: await readOutline(document),
      headings: [],
      fonts: await readFonts(bytes),
      figures: [],
      spoken: [],
      sizesOfText: [],
      internalLinks: [],
      externalLinks: [],
    };
    for (let number = 1; number <= document.numPages; number += 1) await readPage(document, number, read);
    return read;
  } finally {
    await task.destroy();
  }
}

async function readPage(document: PDFDocumentProxy, number: number, read: ReadPdf): Promise<void> {
  const page = await document.getPage(number);
  const { width, height } = page.getViewport({ scale: 1 });
  const { items } = await page.getTextContent({ includeMarkedContent: true });

  let text = '';
  const byMark = new Map<string, string>();
  const boxes = new Map<string, SpokenText>();
  const openMarks: (string | null)[] = [];
  for (const item of items) {
    if (!('str' in item)) {
      if (item.type === 'endMarkedContent') openMarks.pop();
      else openMarks.push(item.id ?? null);
      continue;
    }
    const part = item.str + (item.hasEOL ? '\n' : '');
    text += part;
    const sizePt = Math.hypot(Number(item.transform[2]), Number(item.transform[3]));
    if (part.trim() !== '') read.sizesOfText.push({ text: part.trim(), sizePt });
    for (const mark of openMarks) {
      if (mark === null) continue;
      byMark.set(mark, (byMark.get(mark) ?? '') + part);
      if (part.trim() !== '') boxes.set(mark, around(boxes.get(mark), { item, sizePt, page: number }));
    }
  }
  read.pages.push(text);
  read.sizesPt.push({ width, height });

  const tree = await page.getStructTree();
  if (tree !== null) {
    readStructure(tree, { number, byMark, read });
    for (const id of spokenMarks(tree)) {
      const box = boxes.get(id);
      if (box) read.spoken.push(box);
    }
  }

  for (const annotation of await page.getAnnotations()) {
    if (annotation.subtype !== 'Link') continue;
    if (typeof annotation.url === 'string') read.externalLinks.push(annotation.url);
    else {
      const destination =
        typeof annotation.dest === 'string' ? annotation.dest : JSON.stringify(annotation.dest);
      const landsOnPage = await findPage(document, annotation.dest);
      read.internalLinks.push({ page: number, destination, landsOnPage });
    }
  }
}

interface StructureContext {
  number: number;
  byMark: ReadonlyMap<string, string>;
  read: ReadPdf;
}

function readStructure(node: StructNode, context: StructureContext): void {
  const { number, byMark, read } = context;
  const level = /^H([1-6])$/.exec(node.role)?.[1];
  if (level !== undefined) {
    const text = listMarks(node)
      .map((id) => byMark.get(id) ?? '')
      .join('')
      .replace(/\s+/g, ' ')
      .trim();
    // A heading that the browser moved to the next page leaves an empty part of itself on the page before.
    if (text !== '') read.headings.push({ level: Number(level), text, page: number });
  }
  // pdf.js repeats a figure on each page that holds a part of it; a chart is never split over two.
  if (node.role === 'Figure') {
    // The type of pdf.js leaves `alt` out.
    read.figures.push({ alt: 'alt' in node && typeof node.alt === 'string' ? node.alt : null, page: number });
  }
  for (const child of node.children) if ('children' in child) readStructure(child, context);
}

const spokenMarks = (node: StructNode): string[] =>
  node.role === 'Figure'
    ? []
    : node.children.flatMap((child) =>
        'children' in child ? spokenMarks(child) : child.type === 'content' ? [child.id] : [],
      );

/** The box of what a mark holds so far, and of one more piece of text. */
function around(
  box: SpokenText | undefined,
  {
    item,
    sizePt,
    page,
  }: { item: { str: string; transform: unknown[]; width: number }; sizePt: number; page: number },
): SpokenText {
  const [left, bottom] = [Number(item.transform[4]), Number(item.transform[5])];
  const own = { page, text: item.str, left, right: left + item.width, bottom, top: bottom + sizePt };
  if (box === undefined) return own;
  return {
    page,
    text: box.text + item.str,
    left: Math.min(box.left, own.left),
    right: Math.max(box.right, own.right),
    top: Math.max(box.top, own.top),
    bottom: Math.min(box.bottom, own.bottom),
  };
}

const listMarks = (node: StructNode): string[] =>
  node.children.flatMap((child) =>
    'children' in child ? listMarks(child) : child.type === 'content' ? [child.id] : [],
  );

async function readOutline(document: PDFDocumentProxy): Promise<ReadPdf['outline']> {
  type Entries = Awaited<ReturnType<PDFDocumentProxy['getOutline']>>;
  const walk = async (entries: Entries, level: number): Promise<ReadPdf['outline']> => {
    const found: ReadPdf['outline'] = [];
    for (const { title, dest, items } of entries ?? []) {
      found.push({ title, level, page: await findPage(document, dest) }, ...(await walk(items, level + 1)));
    }
    return found;
  };
  return walk(await document.getOutline(), 1);
}

/** The page that a destination, named or explicit, leads to; null when it leads nowhere. */
async function findPage(document: PDFDocumentProxy, destination: unknown): Promise<number | null> {
  const explicit: unknown =
    typeof destination === 'string' ? await document.getDestination(destination) : destination;
  if (!Array.isArray(explicit)) return null;
  const target: unknown = explicit[0];
  if (typeof target === 'number') return target + 1;
  if (typeof target !== 'object' || target === null || !('num' in target) || !('gen' in target)) return null;
  if (typeof target.num !== 'number' || typeof target.gen !== 'number') return null;
  return document.getPageIndex({ num: target.num, gen: target.gen }).then(
    (index) => index + 1,
    () => null,
  );
}

/** Fonts by name, without the prefix of a subset. Type 3 fonts (drawn by the PDF itself) are `Type 3`. */
async function readFonts(bytes: Uint8Array): Promise<ReadPdf['fonts']> {
  const { context } = await PDFDocument.load(bytes, { updateMetadata: false });
  const fonts = new Map<string, boolean>();
  for (const [, object] of context.enumerateIndirectObjects()) {
    if (!(object instanceof PDFDict) || object.get(PDFName.of('Type')) !== PDFName.of('Font')) continue;
    const subtype = object.get(PDFName.of('Subtype'));
    // Type 0 fonts only point to the fonts that are read here.
    if (subtype === PDFName.of('Type0')) continue;
    if (subtype === PDFName.of('Type3')) {
      fonts.set('Type 3', true);
      continue;
    }
    const name = object.lookupMaybe(PDFName.of('BaseFont'), PDFName)?.decodeText() ?? '';
    const descriptor = object.lookupMaybe(PDFName.of('FontDescriptor'), PDFDict);
    const embedded = ['FontFile', 'FontFile2', 'FontFile3'].some((key) => descriptor?.has(PDFName.of(key)));
    const short = name.replace(/^[A-Z]{6}\+/, '');
    fonts.set(short, embedded && (fonts.get(short) ?? true));
  }
  return [...fonts]
    .map(([name, embedded]) => ({ name, embedded }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
