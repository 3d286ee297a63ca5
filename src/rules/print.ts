import type { Attachment, FoundAttachment } from '../pdf/attachments.ts';
import { lettersOf, type PdfContents } from '../pdf/contents.ts';
import type { Brief, Paper } from '../project/brief.ts';
import type { HtmlTree } from './html.ts';
import type { Piece } from './units.ts';

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

export const readPrint = (given: Omit<Print, 'letters'>): Print => ({
  ...given,
  letters: given.contents.pages.map(({ text }) => lettersOf(text)),
});
