import { PDFDict, PDFHexString, PDFName, type PDFDocument } from '@cantoo/pdf-lib';
import { linksOf, textOf } from './pdf-contents.ts';
import type { SealMetadata } from './seal.ts';

/**
 * The same metadata as XMP (ISO 16684-1), which programs ask for first. It claims no conformance to PDF/A or PDF/UA:
 * `more` is where whoever earns one may add it.
 */
export function xmpOf(
  { title, author, subject, keywords, language, date }: SealMetadata,
  { creator, more = '' }: { creator: string; more?: string },
): string {
  const at = date.toISOString().replace(/\.\d+Z$/, 'Z');
  const words = keywords.map((keyword) => `<rdf:li>${escape(keyword)}</rdf:li>`).join('');
  const inLanguage = (text: string) =>
    `<rdf:Alt><rdf:li xml:lang="x-default">${escape(text)}</rdf:li></rdf:Alt>`;
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:format>application/pdf</dc:format>
<dc:title>${inLanguage(title)}</dc:title>
<dc:creator><rdf:Seq><rdf:li>${escape(author)}</rdf:li></rdf:Seq></dc:creator>
<dc:description>${inLanguage(subject)}</dc:description>
<dc:subject><rdf:Bag>${words}</rdf:Bag></dc:subject>
<dc:language><rdf:Bag><rdf:li>${escape(language)}</rdf:li></rdf:Bag></dc:language>
<xmp:CreatorTool>${escape(creator)}</xmp:CreatorTool>
<xmp:CreateDate>${at}</xmp:CreateDate>
<xmp:ModifyDate>${at}</xmp:ModifyDate>
<pdf:Producer>${escape(creator)}</pdf:Producer>
<pdf:Keywords>${escape(keywords.join(' '))}</pdf:Keywords>
</rdf:Description>${more}
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`;
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Puts the metadata where ISO 32000-2, 14.3.2, asks for it: in a stream of the catalogue that is not compressed. */
export function attachXmp({ context, catalog }: PDFDocument, xmp: string): void {
  const stream = context.stream(Buffer.from(xmp, 'utf8'), { Type: 'Metadata', Subtype: 'XML' });
  catalog.set(PDFName.of('Metadata'), context.register(stream));
}

/** Chromium tags bold and italic text with types that PDF 1.7 does not know: readers are told what they stand for. */
export function mapRoles({ context, catalog }: PDFDocument): void {
  const tree = catalog.lookupMaybe(PDFName.of('StructTreeRoot'), PDFDict);
  if (tree === undefined) return;
  const known = tree.lookupMaybe(PDFName.of('RoleMap'), PDFDict) ?? context.obj({});
  for (const type of ['Strong', 'Em']) known.set(PDFName.of(type), PDFName.of('Span'));
  tree.set(PDFName.of('RoleMap'), known);
}

/** Says of each link what it leads to, for those who hear it by itself. */
export function describeLinks(
  document: PDFDocument,
  links: { readonly [destination: string]: string },
): void {
  for (const page of document.getPages())
    for (const link of linksOf(page)) {
      const target = link.get(PDFName.of('Dest'));
      const name = target instanceof PDFName ? target.decodeText() : (textOf(target) ?? '');
      const text = Object.hasOwn(links, name) ? links[name] : undefined;
      if (text !== undefined) link.set(PDFName.of('Contents'), PDFHexString.fromText(text));
    }
}
