import type { Page } from 'puppeteer';

/** Nothing may be fetched; styles and fonts come with the document. The policy stays in force for every document. */
const policy = `default-src 'none'; style-src 'unsafe-inline'; font-src data:`;

/** The faces of the sheet that is removed go on living in the document, decoded. */
const keepFaces = `(async () => {
  const sheets = [...document.styleSheets];
  const faces = sheets.flatMap(({ cssRules }) => [...cssRules]).map(({ style }) =>
    new FontFace(style.fontFamily.replaceAll('"', ''), style.getPropertyValue('src'), {
      weight: style.fontWeight,
      style: style.fontStyle,
    }),
  );
  for (const { ownerNode } of sheets) ownerNode.remove();
  for (const face of faces) document.fonts.add(await face.load());
})()`;

/**
 * No document is laid out or painted for the screen, which nobody sees: that takes a quarter of what showing and printing
 * one does. The sheet is the page's own, and stays for the next document.
 */
const leaveScreenBlank = `{
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('@media screen { body { content-visibility: hidden !important } }');
  document.adoptedStyleSheets = [sheet];
}`;

/**
 * Puts one document in the place of another, and waits for its fonts; what would move the page elsewhere or change its
 * policy is left out.
 */
const takePlace = `async (html) => {
  const next = new DOMParser().parseFromString(html, 'text/html');
  for (const meta of next.querySelectorAll('meta[http-equiv]')) meta.remove();
  document.replaceChild(document.adoptNode(next.documentElement), document.documentElement);
  // Its own faces, of which the screen needs none.
  await Promise.allSettled([...document.fonts].map((face) => face.load()));
}`;

/**
 * Makes a page ready for documents that follow one another on it. Its fonts are read and decoded once, which is up to
 * half of what setting a document costs.
 */
export async function prepareFrame(page: Page, { fontFaces }: { fontFaces: string }): Promise<void> {
  await page.setContent(
    `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><style>${fontFaces}</style>`,
  );
  await page.evaluate(keepFaces);
  await page.evaluate(leaveScreenBlank);
}

/** Shows a document on a prepared page, as if it had been loaded there. */
export async function showDocument(
  page: Page,
  { html, fontFaces }: { html: string; fontFaces: string },
): Promise<void> {
  const rest = fontFaces === '' ? html : html.replace(fontFaces, () => '');
  await page.evaluate(`(${takePlace})(${JSON.stringify(rest)})`);
}
