import { posix } from 'node:path';
import type { Fault } from '../errors.ts';
import type { Identity, ProjectSettings, SourceFile } from './brief.ts';
import { usualColours } from './colours.ts';
import { familiesOf, readFonts } from './fonts.ts';
import { type Image, imageLimits, readImage } from './images.ts';
import { located } from './source-files.ts';

/** The publisher's logo, colours and fonts. `source` is `sitrep.yaml`, for the place of faults. */
export async function readIdentity(
  { logo: name, colours = usualColours, fonts: named = {} }: ProjectSettings,
  { source, faults }: { source: SourceFile; faults: Fault[] },
): Promise<Identity> {
  const { file } = source;
  const root = posix.dirname(file);
  const { fonts, faults: inFonts } = await readFonts(root, named);
  const logo = name === undefined ? null : await readImage(root, name, imageLimits.logo);
  const isRead = logo === null || 'src' in logo;
  const inLogo = (isRead ? [] : logo).map((fault) => ({ field: 'logo', ...fault }));
  const placed = [...inLogo, ...inFonts].map((fault) => ({ file, ...fault }));
  faults.push(...located(placed, source));
  return { colours, fonts, logo: isRead ? logo : null };
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
        faults.push(...image.map((fault) => ({ file, line, ...fault })));
      }
    }
  return images;
}

/**
 * The spec or theme of a chart with the publisher's colours and sans in place of their names, which are those of
 * `page.css`.
 */
export const withIdentity = (
  { file, text }: SourceFile,
  { colours: { ink, accent }, fonts }: Identity,
): SourceFile => ({
  file,
  text: text
    .replaceAll('var(--ink)', ink)
    .replaceAll('var(--accent)', accent)
    .replaceAll('var(--sans)', familiesOf(fonts).sans),
});
