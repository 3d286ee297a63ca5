import type { PdfContents } from './pdf-contents.ts';
import type { Proof } from './read-proof.ts';

/**
 * In what a PDF shows and holds something else than one made again from the same: a phrase for each, none where it is
 * the same. Drawings, and how text looks, are not compared.
 */
export function otherContents(was: Proof, is: Proof): string[] {
  const [before, after] = [was.readPages(), is.readPages()];
  return [
    ...(before === undefined || after === undefined
      ? ['its pages, which cannot be read']
      : [...otherPages(before, after), ...otherParts(before, after)]),
    ...otherAttachments(was, is),
  ];
}

function otherPages({ pages: was }: PdfContents, { pages: is }: PdfContents): string[] {
  if (was.length !== is.length) return ['the number of its pages'];
  return was.flatMap((page, index) => {
    const other = is[index];
    if (other === undefined) return [];
    const number = index + 1;
    return [
      ...(page.text === other.text && page.boxes === other.boxes ? [] : [`the text of page ${number}`]),
      ...(page.margins === other.margins ? [] : [`the margins of page ${number}`]),
      ...(page.widthPt === other.widthPt && page.heightPt === other.heightPt
        ? []
        : [`the size of page ${number}`]),
    ];
  });
}

function otherParts(was: PdfContents, is: PdfContents): string[] {
  const parts = [
    // In which order these stand in the file is a matter of who writes it.
    ['its fonts', ({ fonts }: PdfContents) => fonts.map((font) => JSON.stringify(font)).toSorted()],
    ['the words for its figures', ({ figures }: PdfContents) => figures.map(String).toSorted()],
    ['its bookmarks', ({ bookmarks }: PdfContents) => bookmarks],
    ['its links', ({ links }: PdfContents) => links],
  ] as const;
  return parts
    .filter(([, read]) => JSON.stringify(read(was)) !== JSON.stringify(read(is)))
    .map(([name]) => name);
}

/** By what the manifests say: that the files are what their own manifest says is looked at before. */
function otherAttachments({ manifest: was }: Proof, { manifest: is }: Proof): string[] {
  const hashes = ({ attachments }: Proof['manifest']) =>
    new Map(attachments.map(({ name, sha256 }) => [name, sha256]));
  const [before, after] = [hashes(was), hashes(is)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .toSorted()
    .map((name) => `the attachment "${name}"`);
}
