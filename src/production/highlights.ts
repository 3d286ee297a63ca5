import { imageSize } from 'image-size';
import { hashOf } from '../hash.ts';
import type { Brief } from '../project/brief.ts';
import type { Image } from '../project/images.ts';
import type { FileToStore, Highlights, Picture } from '../render/manifest.ts';
import type { Rendering } from '../rules/gate.ts';

/** What messages without a page say: a notice, for example. */
export const highlightsWithoutPage = ({ publisher, identity: { colours }, locale }: Brief): Highlights => ({
  language: locale.tag,
  publisher: publisher && { name: publisher.name, corrections: publisher.corrections ?? null },
  colours,
  headline: null,
  judgments: [],
  hero: null,
  logo: null,
});

/** What messages about an edition say and show, with the files of its pictures. */
export async function highlightsFor(
  brief: Brief,
  { highlights: { headline, judgments, caption }, charts }: Pick<Rendering, 'highlights' | 'charts'>,
): Promise<{ highlights: Highlights; files: readonly (FileToStore & { readonly content: Uint8Array })[] }> {
  const {
    publisher,
    identity: { logo },
  } = brief;
  const hero = charts[brief.config.hero ?? ''];
  const [heroFile, logoFile] = [
    hero ? { name: 'hero.png', content: await hero.drawPicture() } : undefined,
    logo && { name: 'logo.png', content: await logoPicture(logo) },
  ];
  return {
    highlights: {
      ...highlightsWithoutPage(brief),
      headline,
      judgments,
      hero: heroFile && hero ? { ...pictureOf(heroFile, hero.alt), caption: caption ?? hero.title } : null,
      logo: logoFile && pictureOf(logoFile, publisher?.name ?? ''),
    },
    files: [heroFile, logoFile].filter((file) => file !== undefined && file !== null),
  };
}

function pictureOf({ name, content }: { name: string; content: Uint8Array }, alt: string): Picture {
  const { width, height } = imageSize(content);
  return { name, sha256: hashOf(content), width, height, alt };
}

/** Twice the height of a logo in mail, and the most of its width. */
const LOGO = { height: 80, width: 640 };

/** Most mail programs show no SVG, so mail has the logo as a PNG, on white. */
async function logoPicture({ bytes, type, width, height }: Image): Promise<Uint8Array> {
  const { createCanvas, loadImage } = await import('canvas');
  const scale = Math.min(LOGO.height / height, LOGO.width / width);
  const [wide, high] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = createCanvas(wide ?? 1, high ?? 1);
  const context = canvas.getContext('2d');
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  const image = await loadImage(Buffer.from(bytes));
  // A drawing is drawn at this size, a bitmap is scaled to it.
  if (type === 'image/svg+xml') [image.width, image.height] = [canvas.width, canvas.height];
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toBuffer('image/png');
}
