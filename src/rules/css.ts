import { generate, ident, parse, walk } from 'css-tree';

/** Functions that load what they name. The parser knows plain `url(…)` by itself, and reads `url(#a)` as such. */
const loading = /^(?:url|(?:-webkit-)?image-set|image|src)$/i;
/** In what the parser makes nothing of, but a browser may. */
const loadingRaw =
  /@import\b|(?<![\w-])(?:url\s*\(\s*(?!["']?#)|(?:-webkit-)?image-set\s*\(|image\s*\(|src\s*\()/i;

/** What a style loads from outside the page, as it is written there. `url(#name)` is of the page itself. */
export function loadsIn(css: string, context: 'stylesheet' | 'declarationList'): string[] {
  if (!/\\|import|url|image|src/i.test(css)) return [];
  const found: string[] = [];
  walk(parse(css, { context, parseCustomProperty: true }), (node) => {
    if (
      (node.type === 'Atrule' && ident.decode(node.name).toLowerCase() === 'import') ||
      (node.type === 'Url' && !node.value.startsWith('#')) ||
      (node.type === 'Function' && loading.test(ident.decode(node.name)))
    )
      found.push(generate(node));
    else if (node.type === 'Raw' && loadingRaw.test(ident.decode(node.value)))
      found.push(ident.decode(node.value));
  });
  return found;
}

/** The texts that a style sheet puts into the margins of printed pages. */
export function marginTexts(css: string): string[] {
  if (!/@page/i.test(css)) return [];
  const texts: string[] = [];
  // Most of a sheet has nothing to do with margins: what is not asked for here is not parsed either.
  const sheet = parse(css, { parseValue: false, parseRulePrelude: false, parseAtrulePrelude: false });
  walk(sheet, (page) => {
    if (page.type !== 'Atrule' || page.name.toLowerCase() !== 'page') return;
    walk(page, (node) => {
      if (node.type !== 'Declaration' || node.property.toLowerCase() !== 'content') return;
      walk(parse(generate(node.value), { context: 'value' }), (part) => {
        if (part.type === 'String') texts.push(part.value);
      });
    });
  });
  return texts;
}
