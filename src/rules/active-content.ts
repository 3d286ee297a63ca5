import type { Fault } from '../errors.ts';
import { type Draft, excerpt, onPage } from './draft.ts';
import { type Element, isText } from './html.ts';
import { unescapeCss } from './style.ts';

const active = new Set(
  'script iframe frame object embed applet base link form input button audio video img picture source portal foreignobject image use animate set'.split(
    ' ',
  ),
);
const headFile = /(?:^|\/)_shared\/partials\/head\.hbs$/;

/** Nothing that runs, loads, sends or moves on. The page is printed with scripts off and no network; this is for its readers. */
export const activeContent = ({ tree }: Draft): Fault[] => {
  // The head begins with our fonts; no other sheet holds any.
  const fonts = tree.elements.find(({ name }) => name === 'style');
  return tree.elements.flatMap((element) =>
    [...forbiddenIn(element), ...(element.name === 'style' ? loadedBy(element, element === fonts) : [])].map(
      (what) =>
        onPage(element, `The page holds ${what}.`, 'Remove it: a brief holds text, tables and charts alone.'),
    ),
  );
};

function* forbiddenIn({ name, attributes, file }: Element): Generator<string> {
  if (active.has(name)) {
    // The element itself is the fault, whatever its attributes load.
    yield `<${name}>`;
    return;
  }
  if (name === 'meta' && 'http-equiv' in attributes && !headFile.test(file))
    yield `<meta http-equiv="${attributes['http-equiv']}">`;
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on') || sending.has(key)) yield `the attribute ${key}`;
    if (leading.has(key) && !value.startsWith('#')) yield `${key}="${excerpt(value)}"`;
    // A drawing's attributes are styles too: fill="url(…)".
    if (!readOut.test(key) && value.includes('(') && loading.test(unescapeCss(value)))
      yield `${key}="${excerpt(value)}"`;
  }
}
/** Words for readers, which nothing takes for a style. */
const readOut = /^(?:alt|title|content|aria-[a-z]+)$/;
const sending = new Set(['srcdoc', 'srcset', 'formaction']);
const leading = new Set(['href', 'src', 'xlink:href', 'action', 'poster', 'background', 'ping']);

/** CSS that fetches, by whatever name, but for what stands in the page itself. */
const loading =
  /@import\b|(?<![\w-])(?:url\s*\(\s*(?!["']?#)|(?:-webkit-)?image-set\s*\(|image\s*\(|src\s*\()/i;
const ourFont = /url\(data:font\/woff2;base64,[A-Za-z0-9+/=]*\)/g;

function* loadedBy({ children, file }: Element, holdsFonts: boolean): Generator<string> {
  const css = children
    .filter(isText)
    .map(({ text }) => text)
    .join('');
  const rest = unescapeCss(holdsFonts && headFile.test(file) ? css.replaceAll(ourFont, '') : css);
  const found = loading.exec(rest);
  if (found) yield `a style with ${excerpt(rest.slice(found.index).split(/[;}\n]/)[0] ?? '')}`;
}
