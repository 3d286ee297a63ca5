import { typedFigures } from '../dataset/typed-figures.ts';

/** A piece of CSS with its escapes read: `\\75 rl(` loads as `url(` does. */
export function unescapeCss(css: string): string {
  if (!css.includes('\\')) return css;
  return css.replaceAll(/\\(?:([0-9a-f]{1,6})\s?|([^\n]))/gi, (_, hex?: string, character?: string) =>
    hex === undefined ? (character ?? '') : codePoint(Number.parseInt(hex, 16)),
  );
}

/** What browsers show for a number that is no character. */
const codePoint = (code: number): string =>
  code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';

interface Declaration {
  /** Counted from 0. */
  readonly line: number;
  readonly property: string;
  /** Without its texts. */
  readonly value: string;
  readonly texts: readonly string[];
  /** The selectors and at-rules that it stands in, the outermost first. */
  readonly within: readonly string[];
}

const token = /\/\*[\s\S]*?\*\/|"((?:\\[\s\S]|[^"\\\n])*)"|'((?:\\[\s\S]|[^'\\\n])*)'|[{};]|[^{};"'/]+|\//g;

/** The declarations of a style sheet or of a `style` attribute, nested ones too. */
function declarationsOf(css: string): Declaration[] {
  const found: Declaration[] = [];
  let [code, line, first]: [string, number, number] = ['', 0, 0];
  let texts: string[] = [];
  const within: string[] = [];
  const end = (isDeclaration: boolean): void => {
    const [, property, value = ''] = /^\s*([-\w\\]+)\s*:([\s\S]*)$/.exec(code) ?? [];
    if (isDeclaration && property !== undefined)
      found.push({
        line: first,
        property: unescapeCss(property).toLowerCase(),
        value: unescapeCss(value),
        texts,
        within: [...within],
      });
    code = '';
    texts = [];
  };
  for (const [whole, double, single] of css.matchAll(token)) {
    const text = double ?? single;
    if (text !== undefined) {
      texts.push(unescapeCss(text));
      code += ' ';
    } else if (/^[{};]$/.test(whole)) {
      const before = code.trim();
      end(whole !== '{');
      if (whole === '{') within.push(before);
      else if (whole === '}') within.pop();
    } else if (!whole.startsWith('/*')) {
      if (code.trim() === '') first = line + (/^\s*/.exec(whole)?.[0].split('\n').length ?? 1) - 1;
      code += whole;
    }
    line += whole.split('\n').length - 1;
  }
  end(true);
  return found;
}

/** Names of fonts, features and areas are shown to nobody. */
const nameOnly = /^(?:font|grid|src$)/;
const counters = /^counter-(?:reset|set|increment)$/;
/** Counters begin at nought and go on by one; whatever else they are told prints other numbers than those of a list. */
function isOdd(property: string, value: string): boolean {
  const plain = property === 'counter-increment' ? '1' : '0';
  const told = value.replace(/\s*!\s*important$/i, '');
  return told.split(/\s+/).some((part) => part !== plain && !/^[-a-z_][-\w]*$/i.test(part));
}

/**
 * The figures that a style would print by itself: in texts that it adds, in the signs of its lists, by counters that
 * begin elsewhere or leap, and by what it reads out of attributes.
 */
export const figuresInStyle = (css: string): { readonly line: number; readonly figure: string }[] =>
  declarationsOf(css).flatMap(({ line, property, value, texts }) => {
    const odd = counters.test(property) && isOdd(property, value.trim());
    const figures = [
      ...(nameOnly.test(property) ? [] : texts.flatMap(typedFigures)),
      ...(odd ? [`${property}: ${value.trim()}`] : []),
      ...(/\battr\s*\(/i.test(value) ? [value.trim()] : []),
    ];
    return figures.map((figure) => ({ line, figure }));
  });

/** The texts that a style sheet puts into the margins of printed pages. */
export const marginTexts = (css: string): string[] =>
  declarationsOf(css.replaceAll(/url\(data:[^)]*\)/g, '')).flatMap(({ property, texts, within }) =>
    property === 'content' && within.some((rule) => /^@page\b/i.test(rule)) ? texts : [],
  );
