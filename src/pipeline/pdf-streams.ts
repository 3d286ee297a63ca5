import { inflateSync } from 'node:zlib';
import { PDFArray, PDFName, type PDFRawStream } from '@cantoo/pdf-lib';
import { AppError } from '../model/fault.ts';

/** A thousand times what a page here has. Ten kilobytes of a file can unpack to ten megabytes, and so on without end. */
export const MOST_BYTES = { ofStream: 64 * 2 ** 20, ofFile: 256 * 2 ** 20 };

/** The bytes of a stream as text, one character each. */
export type StreamReader = (stream: PDFRawStream) => string;

/** Reads the streams of one file, as far as they are a print's. Throws `pdf-invalid`. */
export function openStreams(): StreamReader {
  let left = MOST_BYTES.ofFile;
  return (stream) => {
    const bytes = unpackStream(stream, Math.min(MOST_BYTES.ofStream, left));
    if (bytes === undefined) throw unreadableStream('unpacks to more than any print');
    left -= bytes.byteLength;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  };
}

/**
 * How much a stream unpacks to that a library unpacks by itself; undefined where that is too much. Throws `pdf-invalid`
 * for what is packed otherwise, and what zlib throws for what is damaged, of which a library may still unpack a lot.
 */
export function sizeToRead(stream: PDFRawStream, mostBytes: number): number | undefined {
  const { contents } = stream;
  const filter = filterOf(stream);
  if (filter === 'other') throw packedOtherwise();
  if (filter === 'none') return contents.byteLength > mostBytes ? undefined : contents.byteLength;
  return inflate(contents, mostBytes)?.byteLength;
}

/** The same of any other stream: nobody unpacks it but `unpackStream`, which refuses what is counted as nothing here. */
export function countPacked(stream: PDFRawStream, mostBytes: number): number | undefined {
  try {
    return filterOf(stream) === 'deflate' ? inflate(stream.contents, mostBytes)?.byteLength : 0;
  } catch {
    return 0;
  }
}

function filterOf({ dict }: PDFRawStream): 'none' | 'deflate' | 'other' {
  const given = dict.lookup(PDFName.of('Filter'));
  const filter = given instanceof PDFArray && given.size() === 1 ? given.lookup(0) : given;
  if (filter === undefined) return 'none';
  return filter === PDFName.of('FlateDecode') ? 'deflate' : 'other';
}

/**
 * What a stream holds; undefined where that is more than `mostBytes`. Chromium and our own sealing deflate streams and
 * do nothing else to them. Throws `pdf-invalid` for what is packed otherwise, which could unpack in ways that nothing
 * bounds, and what zlib throws for what is damaged.
 */
export function unpackStream(stream: PDFRawStream, mostBytes: number): Uint8Array | undefined {
  const { dict, contents } = stream;
  const filter = filterOf(stream);
  if (filter === 'none') return contents.byteLength > mostBytes ? undefined : contents;
  if (filter === 'other' || dict.has(PDFName.of('DecodeParms'))) throw packedOtherwise();
  return inflate(contents, mostBytes);
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
    [
      {
        problem: `This PDF ${what}: it is not read further.`,
        mend: 'Give a PDF as Sitrep stored or sent it.',
      },
    ],
    options,
  );
const packedOtherwise = () => unreadableStream('packs its streams as no print does');
