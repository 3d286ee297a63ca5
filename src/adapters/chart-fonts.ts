import { GlobalFonts } from 'canvas';
import { loadFonts } from './fonts.ts';

/** Lets charts that are drawn in this process measure their text with the face that they are set in. */
export async function registerChartFonts(): Promise<void> {
  for (const { family, bytes } of await loadFonts())
    if (family === 'Source Sans 3') GlobalFonts.register(Buffer.from(bytes), family);
}
