import {
  PDFArray,
  PDFName,
  PDFNull,
  PDFNumber,
  PDFParser,
  PDFRawStream,
  type PDFObject,
} from '@cantoo/pdf-lib';
import { AppError } from '../model/fault.ts';
import { countPacked, MOST_BYTES, sizeToRead, unreadableStream } from './pdf-streams.ts';

/** A print has some thousands. Each takes memory as soon as it is listed, whatever it holds. */
const MOST_OBJECTS = 1_000_000;

/**
 * Whatever is packed in a file unpacks to what may be read, before a library reads it that sets no limit and unpacks
 * streams of objects and tables while it reads. So it is read once with nothing but these looked at, by the library's
 * own parser, which takes no other view of where a stream begins or what it is called. Throws `pdf-invalid`.
 */
export async function checkPacked(pdf: Uint8Array): Promise<void> {
  const parser = new GuardedParser(pdf);
  try {
    await parser.parseDocument();
  } finally {
    parser.throwFault();
  }
}

const type = PDFName.of('Type');
const [objects, table] = [PDFName.of('ObjStm'), PDFName.of('XRef')];

class GuardedParser extends PDFParser {
  #fault: AppError | undefined;
  #bytesLeft = MOST_BYTES.ofFile;
  #objectsLeft = MOST_OBJECTS;

  /** The parser goes on after an error: so none is thrown here, and nothing that follows is unpacked. */
  override parseObject(...given: Parameters<PDFParser['parseObject']>): PDFObject {
    const object = super.parseObject(...given);
    if (!(object instanceof PDFRawStream)) return object;
    try {
      if (this.#fault === undefined) this.#check(object);
    } catch (error) {
      this.#fault =
        error instanceof AppError ? error : unreadableStream('is damaged, or was altered', { cause: error });
    }
    return this.#fault === undefined ? object : PDFNull;
  }

  throwFault(): void {
    if (this.#fault !== undefined) throw this.#fault;
  }

  #check(stream: PDFRawStream): void {
    const name = stream.dict.lookup(type);
    const mostBytes = Math.min(MOST_BYTES.ofStream, this.#bytesLeft);
    const isRead = name === objects || name === table;
    const size = isRead ? sizeToRead(stream, mostBytes) : countPacked(stream, mostBytes);
    if (size === undefined) throw unreadableStream('unpacks to more than any print');
    this.#bytesLeft -= size;
    if (name === objects) this.#objectsLeft -= numberOf(stream.dict.lookup(PDFName.of('N')));
    if (name === table) this.#objectsLeft -= listedIn(stream);
    if (this.#objectsLeft < 0) throw unreadableStream('lists more objects than any print');
  }
}

/** How many objects a table lists: each is made, whether the table holds so many or not. */
function listedIn({ dict }: PDFRawStream): number {
  const index = dict.lookup(PDFName.of('Index'));
  const counts = index instanceof PDFArray ? numbersOf(index).filter((_, at) => at % 2 === 1) : [];
  const widths = dict.lookup(PDFName.of('W'));
  if (!(index instanceof PDFArray)) counts.push(numberOf(dict.lookup(PDFName.of('Size'))));
  const width = widths instanceof PDFArray ? Math.max(0, ...numbersOf(widths)) : 0;
  // A number of eight bytes is enough for any file.
  if (width > 8) throw unreadableStream('lists its objects as no print does');
  return counts.reduce((sum, count) => sum + count, 0);
}

const numbersOf = (list: PDFArray): number[] =>
  Array.from({ length: list.size() }, (_, at) => numberOf(list.lookup(at)));

/** Counts are never below nought: else one could make up for another. */
function numberOf(value: PDFObject | undefined): number {
  const number = value instanceof PDFNumber ? value.asNumber() : Number.NaN;
  if (!(number >= 0)) throw unreadableStream('counts its objects as no print does');
  return number;
}
