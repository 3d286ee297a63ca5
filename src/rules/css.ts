import { generate, ident, parse, walk } from 'css-tree';

/** Functions that load what they name. The parser recognises plain `url(…)`, including `url(#a)`. */
const loading = /^(?:url|(?:-webkit-)?image-set|image|src)$/i;
/** For text that the parser does not understand but a browser may. */
const loadingRaw =
  /@import\b|(?<![\w-])(?:url\s*\(\s*(?!["']?#)|(?:-webkit-)?image-set\s*\(|image\s*\(|src\s*\()/i;

/** Lists what a style loads from outside the page, as written. `url(#name)` refers to the page itself. */
export function loadsIn(css: string, context: 'stylesheet' | 'declarationList'): readonly string[] {
  if (!/\\|import|url|image|src/i.test(css)) return [];
  if (context === 'declarationList') return findLoads(css, context);
  const found = lastSheet.css === css ? lastSheet.found : findLoads(css, context);
  lastSheet = { css, found };
  return found;
}
/** The pages of a brief have the same sheet, and parsing it takes longer than all else that this rule does. */
let lastSheet: { readonly css: string; readonly found: readonly string[] } = { css: '', found: [] };

function findLoads(css: string, context: 'stylesheet' | 'declarationList'): string[] {
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

/** The texts that a style sheet prints in page margins. */
export function marginTexts(css: string): string[] {
  if (!/@page/i.test(css)) return [];
  const texts: string[] = [];
  // Most of a sheet does not concern margins, so those parts are not parsed.
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
