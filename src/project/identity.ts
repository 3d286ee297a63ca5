import { posix } from 'node:path';
import type { Fault } from '../errors.ts';
import type { Identity, ProjectSettings, SourceFile } from './brief.ts';
import { type Colours, usualColours } from './colours.ts';
import { type Image, imageLimits, readImage } from './images.ts';
import { located } from './source-files.ts';

/** The publisher's logo and colours. `source` is `sitrep.yaml`, for the place of faults. */
export async function readIdentity(
  { logo: name, colours = usualColours }: ProjectSettings,
  { source, faults }: { source: SourceFile; faults: Fault[] },
): Promise<Identity> {
  if (name === undefined) return { colours, logo: null };
  const logo = await readImage(posix.dirname(source.file), name, imageLimits.logo);
  if ('src' in logo) return { colours, logo };
  const inLogo = logo.map(({ line, problem, hint }) => ({
    file: source.file,
    field: 'logo',
    problem: line === undefined ? problem : `${problem} (In ${name}, line ${line}.)`,
    hint,
  }));
  faults.push(...located(inLogo, source));
  return { colours, logo: null };
}

/** `{{image "images/bridge.jpg" …}}` */
const imageCall = /\{\{~?\s*image\s+(["'])(.*?)\1/g;

/** The images that templates show, by file. `root` is the project's folder. */
export async function readImages(
  templates: readonly SourceFile[],
  { root, faults }: { root: string; faults: Fault[] },
): Promise<{ [file: string]: Image }> {
  const images: { [file: string]: Image } = {};
  for (const { file, text } of templates)
    for (const { index, 2: name = '' } of text.matchAll(imageCall)) {
      const image = images[name] ?? (await readImage(root, name, imageLimits.image));
      if ('src' in image) images[name] = image;
      else {
        const line = text.slice(0, index).split('\n').length;
        for (const { line: within, problem, hint } of image)
          faults.push({
            file,
            line,
            problem: within === undefined ? problem : `${problem} (In ${name}, line ${within}.)`,
            hint,
          });
      }
    }
  return images;
}

/** The spec or theme of a chart with the publisher's colours in place of their names, which are those of `page.css`. */
export const inColours = ({ file, text }: SourceFile, { ink, accent }: Colours): SourceFile => ({
  file,
  text: text.replaceAll('var(--ink)', ink).replaceAll('var(--accent)', accent),
});
