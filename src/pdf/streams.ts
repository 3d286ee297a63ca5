import { inflateSync } from 'node:zlib';
import {
  PDFArray,
  PDFName,
  PDFNull,
  PDFNumber,
  type PDFObject,
  PDFParser,
  PDFRawStream,
} from '@cantoo/pdf-lib';
import { AppError } from '../errors.ts';

/**
 * A thousand times the size of a usual page. Without a limit, ten kilobytes of a file can unpack to ten megabytes or
 * more.
 */
const MOST_BYTES = { ofStream: 64 * 2 ** 20, ofFile: 256 * 2 ** 20 };

/** The bytes of a stream as text, one character each. */
export type StreamReader = (stream: PDFRawStream) => string;

/** Reads the streams of one file within the limits for a print. Throws `pdf-invalid`. */
export function openStreams(): StreamReader {
  let left = MOST_BYTES.ofFile;
  return (stream) => {
    const bytes = unpackStream(stream, Math.min(MOST_BYTES.ofStream, left));
    if (bytes === undefined) throw unreadableStream('unpacks to more data than any PDF from Sitrep');
    left -= bytes.byteLength;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  };
}

/**
 * The content of a stream; undefined if it is larger than `mostBytes`. Chromium and our own sealing use only deflate.
 * Throws `pdf-invalid` for other compression, whose unpacked size has no bound, and zlib's error for damaged data.
 */
export function unpackStream(stream: PDFRawStream, mostBytes: number): Uint8Array | undefined {
  if (stream.dict.has(PDFName.of('DecodeParms'))) throw packedOtherwise();
  return unpack(stream, mostBytes);
}

/** The same for a stream that may have a predictor, which is left in place: it hardly changes the size. */
function unpack({ dict, contents }: PDFRawStream, mostBytes: number): Uint8Array | undefined {
  const given = dict.lookup(PDFName.of('Filter'));
  const filter = given instanceof PDFArray && given.size() === 1 ? given.lookup(0) : given;
  if (filter === undefined) return contents.byteLength > mostBytes ? undefined : contents;
  if (filter !== PDFName.of('FlateDecode')) throw packedOtherwise();
  return inflate(contents, mostBytes);
}

/**
 * The unpacked size of a stream that pdf-lib does not unpack by itself. Only `unpackStream` unpacks those, and it
 * refuses the ones that count as 0 here.
 */
function countPacked(stream: PDFRawStream, mostBytes: number): number | undefined {
  try {
    return unpack(stream, mostBytes)?.byteLength;
  } catch {
    return 0;
  }
}

function inflate(packed: Uint8Array, mostBytes: number): Uint8Array | undefined {
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(mostBytes, 1) });
  } catch (cause) {
    if (cause instanceof RangeError && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE')
      return undefined;
    throw cause;
  }
}

export const unreadableStream = (what: string, options: { cause?: unknown } = {}): AppError =>
  new AppError(
    'pdf-invalid',
    {
      problem: `This PDF ${what}, so it was not read.`,
      hint: 'Use the PDF exactly as Sitrep stored or sent it.',
    },
    options,
  );
const packedOtherwise = () => unreadableStream('compresses its streams in a way that Sitrep never does');

/** A print has a few thousand objects. Each takes memory once listed, whatever its size. */
const MOST_OBJECTS = 1_000_000;

/**
 * Checks that all packed data in a file unpacks within the limits, before pdf-lib reads the file: pdf-lib sets no limit
 * and unpacks object streams and cross-reference tables while it reads. The check runs pdf-lib's own parser, so that
 * both agree on where a stream begins and on its type. Throws `pdf-invalid`.
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

  /**
   * The parser continues after an error. So this method records the fault instead of throwing it, and unpacks nothing
   * more.
   */
  override parseObject(...given: Parameters<PDFParser['parseObject']>): PDFObject {
    const object = super.parseObject(...given);
    if (!(object instanceof PDFRawStream)) return object;
    try {
      if (this.#fault === undefined) this.#check(object);
    } catch (error) {
      this.#fault =
        error instanceof AppError ? error : unreadableStream('is damaged or was altered', { cause: error });
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
    const size = isRead ? unpack(stream, mostBytes)?.byteLength : countPacked(stream, mostBytes);
    if (size === undefined) throw unreadableStream('unpacks to more data than any PDF from Sitrep');
    this.#bytesLeft -= size;
    if (name === objects) this.#objectsLeft -= numberOf(stream.dict.lookup(PDFName.of('N')));
    if (name === table) this.#objectsLeft -= listedIn(stream);
    if (this.#objectsLeft < 0) throw unreadableStream('lists more objects than any PDF from Sitrep');
  }
}

/** The number of objects that a table lists. The parser creates each, whether the table really contains it or not. */
function listedIn({ dict }: PDFRawStream): number {
  const index = dict.lookup(PDFName.of('Index'));
  const counts =
    index instanceof PDFArray
      ? numbersOf(index).filter((_, at) => at % 2 === 1)
      : [numberOf(dict.lookup(PDFName.of('Size')))];
  const widths = dict.lookup(PDFName.of('W'));
  const width = widths instanceof PDFArray ? Math.max(0, ...numbersOf(widths)) : 0;
  // Eight-byte numbers are enough for any file.
  if (width > 8) throw unreadableStream('lists its objects in a way that Sitrep never does');
  return counts.reduce((sum, count) => sum + count, 0);
}

const numbersOf = (list: PDFArray): number[] =>
  Array.from({ length: list.size() }, (_, at) => numberOf(list.lookup(at)));

/** Rejects negative counts, which could offset other counts. */
function numberOf(value: PDFObject | undefined): number {
  const number = value instanceof PDFNumber ? value.asNumber() : Number.NaN;
  if (!(number >= 0)) throw unreadableStream('counts its objects in a way that Sitrep never does');
  return number;
}
