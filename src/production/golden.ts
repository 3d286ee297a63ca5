import { hashOf } from '../hash.ts';
import type { Brief } from '../project/brief.ts';
import type { Rendering } from '../rules/gate.ts';

/** Files by path below the folder of goldens, either current or expected. */
export type GoldenFiles = ReadonlyMap<string, string>;

/** A font as goldens name it, in place of its bytes. */
export interface NamedFont {
  readonly file: string;
  readonly sha256: string;
}

/** An edition of a brief, rendered on the brief's own paper. */
export interface RenderedEdition {
  /** Its identity, and the folder of its golden files. */
  readonly id: string;
  readonly rendering: Pick<Rendering, 'html' | 'charts'>;
}

/** Formats text so that a person can read it in a diff. */
export type Format = (text: string, language: 'html' | 'json') => Promise<string>;

/**
 * What a reviewer sees of a brief's editions: the HTML of each, with names in place of fonts, style sheet and drawings;
 * each drawing that differs from the previous edition's; and each compiled spec, which is the same at every date.
 */
export async function goldenFiles(
  brief: Brief,
  editions: readonly RenderedEdition[],
  { fonts, format }: { fonts: readonly NamedFont[]; format: Format },
): Promise<GoldenFiles> {
  const files = new Map<string, string>();
  const drawn = new Map<string, { svg: string; path: string }>();
  for (const { id: folder, rendering } of editions) {
    let html = replaceFonts(rendering.html, fonts);
    html = replaceOnce(html, brief.styles.text, `/* page.css, sha256 ${hashOf(brief.styles.text)} */`);
    for (const [chart, { svg, compiled }] of Object.entries(rendering.charts)) {
      const before = drawn.get(chart);
      const path = before?.svg === svg ? before.path : `${folder}/${chart}.svg`;
      drawn.set(chart, { svg, path });
      files.set(path, `${svg.replaceAll('><', '>\n<')}\n`);
      html = replaceOnce(html, svg, `<img src="${between(folder, path)}" />`);

      const spec = `${brief.id}/charts/${chart}.vg.json`;
      const text = await format(JSON.stringify(compiled), 'json');
      if ((files.get(spec) ?? text) !== text) throw new Error(`${spec} depends on more than spec and theme.`);
      files.set(spec, text);
    }
    files.set(`${folder}/brief.html`, await format(html, 'html'));
  }
  return files;
}

/** The relative path from one edition's folder to a file in it or in another edition of the brief. */
function between(folder: string, path: string): string {
  const [, own = ''] = folder.split('/');
  const [, other, file = ''] = path.split('/');
  return own === other ? file : `../${other}/${file}`;
}

function replaceFonts(html: string, fonts: readonly NamedFont[]): string {
  return html.replaceAll(/url\(data:font\/woff2;base64,([^)]*)\)/g, (_, base64: string) => {
    const sha256 = hashOf(Buffer.from(base64, 'base64'));
    const font = fonts.find((each) => each.sha256 === sha256);
    if (font === undefined) throw new Error('The page contains a font that is not built in.');
    return `url(${font.file}#sha256-${sha256})`;
  });
}

/** Throws unless `part` occurs in `text` exactly once. */
function replaceOnce(text: string, part: string, other: string): string {
  const pieces = text.split(part);
  if (pieces.length !== 2)
    throw new Error(`The page contains ${pieces.length - 1} copies of: ${part.slice(0, 80)}`);
  return pieces.join(other);
}
