/** A piece of CSS with its escapes read: `\\75 rl(` loads as `url(` does. */
export function unescapeCss(css: string): string {
  if (!css.includes('\\')) return css;
  return css.replaceAll(/\\(?:([0-9a-f]{1,6})\s?|([^\n]))/gi, (_, hex?: string, character?: string) =>
    hex === undefined ? (character ?? '') : codePoint(Number.parseInt(hex, 16)),
  );
}

const codePoint = (code: number): string =>
  code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
