import { escapeMarkup } from '../escape.ts';

/**
 * Characters that XML 1.0 does not allow, even escaped (section 2.2): controls, lone surrogates and two noncharacters.
 */
export const unwritable = /(?![\t\n\r])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu;

/** Labels that Vega hides for lack of room: they stay in the SVG but browsers do not print them. */
const invisible = /<text\b[^>]* opacity="0"[^>]*>.*?<\/text>/gs;

/**
 * Prepares Vega's SVG for a page by changing tags and never the visible text between them: rounds coordinates to
 * hundredths, replaces the labelled element for every mark with one image and one text alternative, and renumbers ids
 * under the chart's name, because Vega numbers them across all charts that a process draws.
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
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escapeMarkup(alt.replaceAll(unwritable, ''))}"${attributes}>${body.slice(opening[0].length)}`;
}

/**
 * References in Vega's SVG that would load something or link out of the page. Colours can be computed or come from
 * data, so only the finished drawing shows them.
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
