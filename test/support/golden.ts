import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { loadFonts } from '../../src/adapters/fonts.ts';
import type { Brief } from '../../src/model/brief.ts';
import { editionId } from '../../src/model/edition-id.ts';
import { hashOf } from '../../src/model/manifest.ts';
import type { Parameters } from '../../src/model/parameters.ts';
import type { Rendering } from '../../src/pipeline/produce.ts';

/** Files by their path below test/golden, as they are or should be. */
export type GoldenFiles = ReadonlyMap<string, string>;

const goldenFolder = join(import.meta.dirname, '../golden');

/**
 * What a brief's editions look like to a reviewer: the HTML of each without fonts, style sheet and drawings, which it
 * names; each drawing, where it differs from that of the edition before; and each compiled spec, which is the same at
 * every date.
 */
export async function goldenFiles(
  brief: Brief,
  editions: readonly {
    readonly asOf: string;
    readonly parameters: Parameters;
    readonly rendering: Rendering;
  }[],
): Promise<GoldenFiles> {
  const fonts = await loadFonts();
  const files = new Map<string, string>();
  const drawn = new Map<string, { svg: string; path: string }>();
  const { paper } = brief.config;
  for (const { asOf, parameters, rendering } of editions) {
    const folder = editionId({ brief: brief.id, asOf, paper, ownPaper: paper, parameters });
    let html = replaceFonts(rendering.html, fonts);
    html = replaceOnce(html, brief.styles.text, `/* page.css, sha256 ${hashOf(brief.styles.text)} */`);
    for (const [chart, { svg, compiled }] of Object.entries(rendering.charts)) {
      const before = drawn.get(chart);
      const path = before?.svg === svg ? before.path : `${folder}/${chart}.svg`;
      drawn.set(chart, { svg, path });
      files.set(path, `${svg.replaceAll('><', '>\n<')}\n`);
      html = replaceOnce(html, svg, `<img src="${relative(folder, path)}" />`);

      const spec = `${brief.id}/charts/${chart}.vg.json`;
      const text = await formatted(spec, JSON.stringify(compiled));
      if ((files.get(spec) ?? text) !== text) throw new Error(`${spec} depends on more than spec and theme.`);
      files.set(spec, text);
    }
    files.set(`${folder}/brief.html`, await formatted('brief.html', html));
  }
  return files;
}

function replaceFonts(html: string, fonts: Awaited<ReturnType<typeof loadFonts>>): string {
  return html.replaceAll(/url\(data:font\/woff2;base64,([^)]*)\)/g, (_, base64: string) => {
    const sha256 = hashOf(Buffer.from(base64, 'base64'));
    const font = fonts.find((each) => each.sha256 === sha256);
    if (font === undefined) throw new Error('The page holds a font that is not one of ours.');
    return `url(${font.file}#sha256-${sha256})`;
  });
}

/** Throws unless `part` stands in `text` just once. */
function replaceOnce(text: string, part: string, other: string): string {
  const pieces = text.split(part);
  if (pieces.length !== 2) throw new Error(`The page holds ${pieces.length - 1} of: ${part.slice(0, 80)}`);
  return pieces.join(other);
}

async function formatted(path: string, text: string): Promise<string> {
  const options = await resolveConfig(join(goldenFolder, path));
  return format(text, { ...options, parser: path.endsWith('.html') ? 'html' : 'json' });
}

export async function readGolden(): Promise<GoldenFiles> {
  const entries = await readdir(goldenFolder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(goldenFolder, join(entry.parentPath, entry.name)));
  const read = paths.map(async (path) => [path, await readFile(join(goldenFolder, path), 'utf8')] as const);
  return new Map(await Promise.all(read));
}

/** Makes what lies in test/golden the same as `files`: what is in neither place is removed. */
export async function writeGolden(files: GoldenFiles): Promise<void> {
  for (const path of (await readGolden()).keys()) {
    if (!files.has(path)) await rm(join(goldenFolder, path));
  }
  for (const [path, text] of files) {
    await mkdir(dirname(join(goldenFolder, path)), { recursive: true });
    await writeFile(join(goldenFolder, path), text);
  }
}

/**
 * Whether the tests should accept what they find, by `npm run test:update`. Throws under CI, where nobody looks at
 * what would be accepted.
 */
export function updatesGolden(env: NodeJS.ProcessEnv): boolean {
  if (!env['UPDATE_GOLDEN']) return false;
  if (env['CI'])
    throw new Error('UPDATE_GOLDEN is set under CI: accept goldens where someone reads the diff.');
  return true;
}
