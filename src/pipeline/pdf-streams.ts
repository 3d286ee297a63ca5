import { inflateSync } from 'node:zlib';
import { PDFArray, PDFName, type PDFRawStream } from '@cantoo/pdf-lib';
import { AppError } from '../model/fault.ts';

/** A thousand times what a page here has. Ten kilobytes of a file can unpack to ten megabytes, and so on without end. */
const MOST_BYTES = { ofStream: 64 * 2 ** 20, ofFile: 256 * 2 ** 20 };

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
 * Whatever is deflated in a file unpacks to what may be read, before a library reads it that sets no limit: objects of
 * a PDF lie in such streams too. Throws `pdf-invalid`.
 */
export function checkPacked(pdf: Uint8Array): void {
  const file = Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength);
  let left = MOST_BYTES.ofFile;
  for (let at = file.indexOf(STREAM); at !== -1; at = file.indexOf(STREAM, at + STREAM.length)) {
    let start = at + STREAM.length;
    while (file[start] === 0x0d || file[start] === 0x0a) start += 1;
    const size = sizeOf(file.subarray(start), Math.min(MOST_BYTES.ofStream, left));
    if (size === undefined) throw unreadableStream('unpacks to more than any print');
    left -= size;
  }
}

const STREAM = 'stream';

/** How much is deflated here: nothing where it is none of that, or damaged; undefined where it is too much. */
function sizeOf(packed: Uint8Array, mostBytes: number): number | undefined {
  // The first byte of what is deflated (RFC 1950): else most of a file would be tried in vain.
  if (((packed[0] ?? 0) & 0x0f) !== 8) return 0;
  try {
    return inflate(packed, mostBytes)?.byteLength;
  } catch {
    return 0;
  }
}

/**
 * What a stream holds; undefined where that is more than `mostBytes`. Chromium and our own sealing deflate streams and
 * do nothing else to them. Throws `pdf-invalid` for what is packed otherwise, which could unpack in ways that nothing
 * bounds, and what zlib throws for what is damaged.
 */
export function unpackStream({ dict, contents }: PDFRawStream, mostBytes: number): Uint8Array | undefined {
  const given = dict.lookup(PDFName.of('Filter'));
  const filter = given instanceof PDFArray && given.size() === 1 ? given.lookup(0) : given;
  if (filter === undefined) return contents.byteLength > mostBytes ? undefined : contents;
  if (filter !== PDFName.of('FlateDecode') || dict.has(PDFName.of('DecodeParms')))
    throw unreadableStream('packs its streams as no print does');
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

export const unreadableStream = (what: string): AppError =>
  new AppError('pdf-invalid', [
    { problem: `This PDF ${what}: it is not read further.`, mend: 'Give a PDF as Sitrep stored or sent it.' },
  ]);
