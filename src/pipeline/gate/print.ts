import type { Brief, Paper } from '../../model/brief.ts';
import type { Attachment, FoundAttachment } from '../attachments.ts';
import type { PdfContents } from '../pdf-contents.ts';
import type { HtmlTree } from './html-tree.ts';
import type { Piece } from './page-units.ts';

/** An edition that is printed and sealed, as the rules look at it. */
export interface Print {
  readonly brief: Brief;
  readonly paper: Paper;
  readonly pdf: Uint8Array;
  readonly contents: PdfContents;
  /** What was to be attached, and what is found to be. */
  readonly attachments: readonly Attachment[];
  readonly attached: readonly FoundAttachment[];
  /** The letters and digits of each page's text. */
  readonly letters: readonly string[];
  /** The page that it was printed from. */
  readonly tree: HtmlTree;
  readonly pieces: readonly Piece[];
}

/**
 * The letters and digits of a text as they compare: line breaks, capitals and kinds of apostrophe are style. Capitals
 * that a style makes are two letters for `ß`, and know but one small sigma.
 */
export const lettersOf = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/[^\p{L}\p{N}%≥≤±]+/gu, '')
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ');

export const readPrint = (given: Omit<Print, 'letters'>): Print => ({
  ...given,
  letters: given.contents.pages.map(({ text }) => lettersOf(text)),
});
