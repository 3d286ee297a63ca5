import { open, realpath } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import { imageSize } from 'image-size';
import type { Fault } from '../errors.ts';
import { hashOf } from '../hash.ts';

/** An image of the project, as pages embed it. */
export interface Image {
  /** Below the project's folder, such as `images/logo.svg`. */
  readonly file: string;
  readonly type: 'image/svg+xml' | 'image/png' | 'image/jpeg';
  /** The file, or of an SVG its allowed parts. */
  readonly bytes: Uint8Array;
  /** Of `bytes`. */
  readonly sha256: string;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** The whole image as a `data:` address. */
  readonly src: string;
}

/** The folder of the project that images come from. */
const imagesFolder = 'images';

export const imageLimits = { image: 3_000_000, logo: 200_000 } as const;
/** A photograph of A4 at 300 dots an inch has 8.7 million. */
const MOST_PIXELS = 20_000_000;

const bitmaps: { readonly [kind: string]: Image['type'] | undefined } = {
  png: 'image/png',
  jpg: 'image/jpeg',
};

/**
 * Reads and checks an image of a project, whose folder is `root`. Nothing outside `images/` is read, not through a
 * link either. Returns faults without a file.
 */
export async function readImage(
  root: string,
  file: string,
  mostBytes: number,
): Promise<Image | readonly Pick<Fault, 'problem' | 'hint'>[]> {
  const refuse = (problem: string, hint: string) => [{ problem, hint }];
  if (!file.startsWith(`${imagesFolder}/`) || posix.normalize(file) !== file || file.includes('\\'))
    return refuse(
      `"${file}" is not a file in ${imagesFolder}/.`,
      `Put it into ${imagesFolder}/, and name it from there.`,
    );
  const [folder, place] = await Promise.all(
    [imagesFolder, file].map((name) => realpath(join(root, name)).catch(() => undefined)),
  );
  if (folder === undefined || place === undefined)
    return refuse(`There is no file "${file}".`, 'Add it, or correct the name.');
  if (!place.startsWith(folder + sep))
    return refuse(`"${file}" leads out of ${imagesFolder}/.`, 'Copy the file in place of the link.');
  const content = await readAtMost(place, mostBytes);
  if (content === null)
    return refuse(
      `"${file}" is larger than ${mostBytes / 1000} kB, or not a file.`,
      'Use fewer pixels, more compression, or a simpler drawing.',
    );

  if (/\.svg$/i.test(file)) {
    // Loaded with the first SVG, because few commands read one.
    const { sanitizeSvg } = await import('./svg-image.ts');
    const clean = sanitizeSvg(content.toString('utf8'));
    if (!('svg' in clean))
      return clean.map(({ line, problem, hint }) => ({
        problem: line === undefined ? problem : `${problem} (In ${file}, line ${line}.)`,
        hint,
      }));
    const { svg, width, height } = clean;
    return imageOf({ file, type: 'image/svg+xml', bytes: Buffer.from(svg), width, height });
  }
  const { type: kind = '', width, height } = sizeOf(content);
  const type = bitmaps[kind];
  if (type === undefined)
    return refuse(`"${file}" is not SVG, PNG or JPEG.`, 'Convert it to one of the three.');
  if (width * height > MOST_PIXELS)
    return refuse(
      `"${file}" has ${width} × ${height} pixels, more than ${MOST_PIXELS / 1_000_000} million.`,
      'Make it smaller: 1,800 pixels are sharp across the whole page.',
    );
  // Cameras write the place and the owner into their files, and the PDF would publish them.
  if (content.includes('Exif\0\0') || content.includes('eXIf'))
    return refuse(
      `"${file}" has the metadata of a camera, which may give a place or a name.`,
      'Export it again without metadata (EXIF).',
    );
  return imageOf({ file, type, bytes: content, width, height });
}

const imageOf = (image: Omit<Image, 'sha256' | 'src'>): Image => ({
  ...image,
  sha256: hashOf(image.bytes),
  src: `data:${image.type};base64,${Buffer.from(image.bytes).toString('base64')}`,
});

async function readAtMost(place: string, mostBytes: number): Promise<Buffer | null> {
  await using handle = await open(place);
  const found = await handle.stat();
  return found.isFile() && found.size <= mostBytes ? handle.readFile() : null;
}

function sizeOf(content: Uint8Array): { type?: string | undefined; width: number; height: number } {
  try {
    return imageSize(content);
  } catch {
    // Neither its kind nor its size can be read.
    return { width: 0, height: 0 };
  }
}
