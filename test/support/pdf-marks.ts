import {
  PDFArray,
  PDFDict,
  PDFDocument,
  PDFHexString,
  PDFName,
  PDFRawStream,
  PDFString,
} from '@cantoo/pdf-lib';

/** What a PDF holds for programs that read it aloud, besides its text; null where something is not there. */
export interface PdfMarks {
  /** Of each header of a table, in no order: `Column` or `Row`. */
  readonly headerScopes: readonly (string | null)[];
  /** What tags outside of the standard stand for. */
  readonly roles: { readonly [tag: string]: string };
  readonly xmp: string | null;
  /** The text of each link annotation. */
  readonly linkTexts: readonly (string | null)[];
}

const name = (key: string): PDFName => PDFName.of(key);
const nameIn = (dict: PDFDict, key: string): string | null =>
  dict.lookupMaybe(name(key), PDFName)?.decodeText() ?? null;

/** Reads them through pdf-lib, and with none of the program's own code. */
export async function readPdfMarks(pdf: Uint8Array): Promise<PdfMarks> {
  const { context, catalog } = await PDFDocument.load(pdf, { updateMetadata: false });
  const dicts = context
    .enumerateIndirectObjects()
    .flatMap(([, object]) => (object instanceof PDFDict ? object : []));
  const roles = catalog.lookupMaybe(name('StructTreeRoot'), PDFDict)?.lookupMaybe(name('RoleMap'), PDFDict);
  const metadata = catalog.lookup(name('Metadata'));
  return {
    headerScopes: dicts.filter((dict) => nameIn(dict, 'S') === 'TH').map(scopeOf),
    roles: Object.fromEntries(
      (roles?.entries() ?? []).map(([tag, role]) => [
        tag.decodeText(),
        role instanceof PDFName ? role.decodeText() : '',
      ]),
    ),
    xmp: metadata instanceof PDFRawStream ? Buffer.from(metadata.getContents()).toString('utf8') : null,
    linkTexts: dicts.filter((dict) => nameIn(dict, 'Subtype') === 'Link').map(textOfLink),
  };
}

/** ISO 32000-2, 14.8.5.7: an attribute of a cell, in the attribute object that tables own. */
function scopeOf(header: PDFDict): string | null {
  const given = header.lookup(name('A'));
  const attributes =
    given instanceof PDFArray ? given.asArray().map((_, index) => given.lookup(index)) : [given];
  const scopes = attributes.flatMap((each) =>
    each instanceof PDFDict && nameIn(each, 'O') === 'Table' ? (nameIn(each, 'Scope') ?? []) : [],
  );
  return scopes[0] ?? null;
}

function textOfLink(link: PDFDict): string | null {
  const text = link.lookup(name('Contents'));
  return text instanceof PDFHexString || text instanceof PDFString ? text.decodeText() : null;
}
