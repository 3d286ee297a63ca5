import { createHash } from 'node:crypto';
import { PDFHexString } from '@cantoo/pdf-lib';

const letters = 32;
const blank = '0'.repeat(letters);
const marker = '/ID [ <';
const between = '> <';

/** Placeholder in the trailer until the file is written. */
export const blankIdentity = (): PDFHexString => PDFHexString.of(blank);

/**
 * Writes the file identifier (ISO 32000-2, 14.4) in place: the start of the SHA-256 of the file, computed with the
 * identifier set to zeros. It covers every byte, including attachments, so it reveals any later change unless the
 * identifier was also recomputed. `pdf` contains `blankIdentity` twice.
 */
export function identify(pdf: Uint8Array): void {
  const places = findIdentity(pdf);
  if (places === undefined) throw new Error('The sealed PDF has no identifier to fill in.');
  const identity = Buffer.from(digest(pdf), 'latin1');
  for (const place of places) pdf.set(identity, place);
}

/** Whether a file still matches its identifier. */
export function isIntact(pdf: Uint8Array): boolean {
  const places = findIdentity(pdf);
  if (places === undefined) return false;
  const bytes = Buffer.from(pdf);
  const [found, again] = places.map((place) => bytes.toString('latin1', place, place + letters));
  for (const place of places) bytes.write(blank, place, 'latin1');
  return found === again && found === digest(bytes);
}

const digest = (pdf: Uint8Array): string => createHash('sha256').update(pdf).digest('hex').slice(0, letters);

/** The positions of the two halves of the last identifier in the file. */
function findIdentity(pdf: Uint8Array): readonly [number, number] | undefined {
  const bytes = Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength);
  const at = bytes.lastIndexOf(marker);
  if (at === -1) return undefined;
  const first = at + marker.length;
  const second = first + letters + between.length;
  const isWhole =
    bytes.toString('latin1', first + letters, second) === between &&
    bytes[second + letters] === '>'.charCodeAt(0);
  return isWhole ? [first, second] : undefined;
}
