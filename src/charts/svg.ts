/** What XML 1.0 cannot hold, not even escaped (section 2.2): controls, halves of pairs, two that are no characters. */
export const unwritable = /(?![\t\n\r])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu;

/** Labels that Vega leaves out for want of room: they stay in its SVG, and a browser prints none of them. */
const invisible = /<text\b[^>]* opacity="0"[^>]*>.*?<\/text>/gs;

/**
 * Makes Vega's SVG fit to stand in a page, changing tags and never the visible text between them: coordinates rounded
 * to hundredths, one image with one text alternative in place of a labelled element for every mark, and ids made of the
 * chart's name and counted anew, since Vega counts them over all charts that a process draws.
 */
export function cleanSvg(svg: string, { name, alt }: { name: string; alt: string }): string {
  const ids = new Map<string, string>();
  const own = (id: string): string => {
    const known = ids.get(id) ?? `${name}-${ids.size + 1}`;
    ids.set(id, known);
    return known;
  };
  const body = svg
    .replaceAll(unwritable, '')
    .replaceAll(invisible, '')
    .replaceAll(/<[^>]*>/g, (tag) =>
      roundNumbers(
        tag
          .replaceAll(/ (?:role|aria-[a-z]+)="[^"]*"/g, '')
          .replaceAll(/\bid="([^"]*)"/g, (_, id: string) => `id="${own(id)}"`)
          .replaceAll(
            /url\((?:&quot;|["'])?#([^)"'&]*)(?:&quot;|["'])?\)/g,
            (_, id: string) => `url(#${own(id)})`,
          ),
      ),
    );
  const opening = /^<svg\b([^>]*)>/.exec(body);
  if (opening === null) throw new Error('Vega returned something other than an SVG drawing.');
  const attributes = (opening[1] ?? '').replaceAll(/ (?:xmlns(?::xlink)?|version|class|style)="[^"]*"/g, '');
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escapeAttribute(alt.replaceAll(unwritable, ''))}"${attributes}>${body.slice(opening[0].length)}`;
}

/**
 * What in Vega's SVG would load something or lead out of the page. A spec can compute a colour, and data can hold one,
 * so that only the drawing shows it.
 */
export function outsideReferences(svg: string): string[] {
  const tags = svg.match(/<[^>]*>/g) ?? [];
  return tags.flatMap(
    (tag) =>
      tag.match(/^<(?:a|image|script|foreignObject)\b|\bhref="[^"]*"|url\((?!#|["']#|&quot;#)[^)]*\)/g) ?? [],
  );
}

function roundNumbers(tag: string): string {
  return tag.replaceAll(
    / (d|transform|x|y|x1|y1|x2|y2|width|height|r|viewBox|points|offset)="([^"]*)"/g,
    (_, key: string, value: string) => {
      const rounded = value.replaceAll(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) =>
        String(Math.round(Number(number) * 100) / 100 + 0),
      );
      return ` ${key}="${rounded}"`;
    },
  );
}

function escapeAttribute(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
